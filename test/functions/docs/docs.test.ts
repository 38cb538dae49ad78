import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { document } from '../../support/openapi/schemas.ts';
import { Rig } from '../../support/rig/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

describe('GET /openapi.json', () => {
  it('serves the document of the route tables to anyone, from any origin', async () => {
    const { status, body, headers, calls } = await rig.request('GET', '/openapi.json', {
      headers: { origin: 'https://console.example' },
    });
    expect(status).toBe(200);
    expect(body).toEqual(document);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(calls).toBe(0);
  });
});

describe('GET /docs', () => {
  it('serves a page that loads nothing from other hosts', async () => {
    const { status, body, headers } = await rig.request('GET', '/docs');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self';");
    expect(body).not.toMatch(/https?:|\/\//);
    const needed = [...body.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path!);
    expect(needed.length).toBe(3);
    for (const path of needed) {
      const file = await rig.request('GET', path);
      expect(file.status, path).toBe(200);
      expect(file.headers.get('content-type'), path).toMatch(/^text\/(css|javascript)/);
      expect(file.headers.get('cache-control'), path).toMatch(/^public, max-age=\d+$/);
    }
  });

  it.each(['nothing.js', '..%2Findex.js', '__proto__', 'constructor', '%00'])('has no file %s', async (name) => {
    const { status, body } = await rig.request('GET', `/docs/${name}`);
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'not_found' });
  });
});
