import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tenant } from '../support/rig/api.ts';
import { Rig } from '../support/rig/rig.ts';

// The API document's page as a new user sees it: open it, enter a token, send a request, read the response.
//     DOCS_PICTURE=docs/docs-page.png npx vitest run --project tests test/system/docs-page.test.ts      renews the picture

const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = [process.env.CHROMIUM ?? '', ...browsers].find((path) => existsSync(path));
if (!executablePath)
  console.warn('docs-page.test.ts is skipped: no Chromium (CHROMIUM=path, or install the package chromium)');

describe.skipIf(!executablePath)('the page at /docs', () => {
  let rig: Rig;
  let tenant: Tenant;
  let browser: Browser;
  let page: Page;
  const asked: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    rig = await Rig.start();
    tenant = await rig.tenant({ name: 'Acme' });
    await rig.primary({}, tenant);
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: ['--no-sandbox', '--disable-background-networking'],
    });
    page = await browser.newPage({ viewport: { width: 1200, height: 1100 } });
    page.on('request', (request) => void asked.push(request.url()));
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
    page.on('pageerror', (error) => void complaints.push(error.message));
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await rig?.stop();
  });

  it('sends a request with the token that was entered, and shows the response', async () => {
    await page.goto(`${rig.controlPlane.url}/docs`);
    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.getByLabel('auth-bearer-value').first().fill(tenant.token);
    await page.getByRole('button', { name: 'Apply credentials' }).first().click();
    await page.getByRole('button', { name: 'Close' }).last().click();
    await page.locator('#operations-tag-client').click();
    const operation = page.locator('.opblock-get', {
      has: page.locator('[data-path="/api/client/{client_id}/agents"]'),
    });
    await operation.locator('.opblock-summary').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByPlaceholder('client_id').fill(tenant.id);
    const answered = page.waitForResponse((response) => response.url().includes(`/api/client/${tenant.id}/agents`));
    await operation.getByRole('button', { name: 'Execute' }).click();
    const response = await answered;
    expect(response.status()).toBe(200);
    const [agent] = await response.json();
    const shown = operation.locator('.live-responses-table');
    await shown.waitFor();
    expect(await shown.innerText()).toContain(agent.id);
    const path = process.env.DOCS_PICTURE;
    if (path) {
      await operation.locator('.execute-wrapper, .btn-group').first().scrollIntoViewIfNeeded();
      await page.screenshot({ path });
    }
  }, 60_000);

  it('requests nothing from other hosts, and causes no console errors', () => {
    expect(asked.filter((url) => !url.startsWith(rig.controlPlane.url) && !url.startsWith('data:'))).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
