import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Metric, metrics } from '../../functions/metrics.ts';
import { detailTypes } from '../../functions/spot-events/ec2-events.ts';
import { dashboards } from '../../lib/observability/definitions.ts';
import { keyOfAws, Measures, measuresFile, readMeasured } from '../../local/dashboard/measures.ts';
import { dashboardPage } from '../../local/dashboard/page.ts';
import { statisticOf } from '../../local/dashboard/samples.ts';
import { show } from '../../local/dashboard/widget.ts';
import { Rig } from '../support/rig/rig.ts';
import { ec2Event } from '../support/scenes/ec2-event.ts';

// An agent's first minutes on the page of the dashboards: what functions emit, and what the stand-ins for AWS measure.
//     DASHBOARD_DATA=.local DASHBOARD_PICTURES=docs npx vitest run --project tests test/system/dashboard-page.test.ts
// renews the pictures in docs/ from what the last npm start measured.

const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = [process.env.CHROMIUM ?? '', ...browsers].find((path) => existsSync(path));

const account = '123456789012';
const start = new Date('2026-03-02T00:00:00Z');
let rig: Rig;
let measures: Measures;
/** The lines that functions wrote, as CloudWatch would read them. */
const lines: Record<string, unknown>[] = [];

class Listening extends Measures {
  override readLine(line: string): void {
    lines.push(JSON.parse(line));
    super.readLine(line);
  }
}

beforeAll(async () => {
  measures = new Listening({ now: () => rig?.clock.now() ?? start });
  rig = await Rig.start({}, { functionThreads: 1, measures });
  const { body } = await rig.asAdmin('POST', '/api/admin/clients/create', { name: 'Acme', aws_account_id: account });
  const tenant = { id: body.client.id, name: 'Acme', token: body.client.token };
  const instance = await rig.primary({ type: 'm5.large', mode: 'spot' }, tenant);
  // Spot is expensive where it runs, so the policy wants to move, and the gate reports why it may not.
  await instance.report(0.1, { 'us-east-1a': 0.09, 'us-east-1b': 0.03 });
  await rig.runJob('decide');
  const { body: standby } = await instance.emergency('rebalance-recommendation');
  const successor = `i-0${randomBytes(8).toString('hex')}`;
  await instance.putReplica(standby.replica_id, successor);
  await instance.replicaStatus(standby.replica_id, 'ready');
  await rig.runJob('measure-fleet');
  rig.pass(301);
  await instance.heartbeat();
  await instance.report(0.1, { 'us-east-1a': 0.09, 'us-east-1b': 0.03 });
  await rig.runJob('decide');
  const detail = { 'instance-id': instance.id, 'instance-action': 'terminate' };
  const at = new Date(rig.clock.now().getTime() - 3000);
  await rig.controlPlane.postEvents([ec2Event({ account, type: detailTypes.interruption, detail, at })]);
  measures.queues(rig.controlPlane);
  rig.pass(61);
  await rig.request('GET', '/health');
  await rig.runJob('measure-fleet');
  await rig.controlPlane.runJob({ job: 'decide', time: new Date(rig.clock.now().getTime() - 7000).toISOString() });
});
afterAll(() => rig.stop());

describe('what functions emit', () => {
  const emitted = () => lines.flatMap((line) => namesIn(line).map((name) => ({ name, line })));
  const namesIn = (line: Record<string, unknown>) => definitionOf(line).Metrics.map(({ Name }) => Name);
  const definitionOf = ({ _aws }: Record<string, unknown>) =>
    (
      _aws as {
        CloudWatchMetrics: [{ Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }];
      }
    ).CloudWatchMetrics[0];

  it('matches the table of metrics exactly, with its units, dimensions and properties', () => {
    expect([...new Set(emitted().map(({ name }) => name))].toSorted()).toEqual(Object.keys(metrics).toSorted());
    for (const { name, line } of emitted()) {
      const { Namespace, Dimensions, Metrics } = definitionOf(line);
      const { unit, dimension, property } = (metrics as Record<string, Metric>)[name]!;
      expect(Namespace).toBe('SpotOptimizer');
      expect(Metrics.find(({ Name }) => Name === name)?.Unit, name).toBe(unit);
      expect(Dimensions, name).toEqual([['service', ...(dimension ? [dimension] : [])]]);
      for (const label of [dimension, property])
        if (label && !(name === 'Interruptions' && line[name] === 0))
          expect(line[label], name).toEqual(expect.any(String));
    }
  });

  it('reports what happened', () => {
    const latest = lines.findLast((line) => 'AgentsOnline' in line);
    expect(latest).toMatchObject({ AgentsOnline: 1, AgentsOffline: 0, StandbysReady: 0, Failovers: 1 });
    expect(lines.filter((line) => 'Interruptions' in line && 'pool' in line)).toMatchObject([{ Interruptions: 1 }]);
    const [ms] = [lines.find((line) => 'NoticeToDecision' in line)!.NoticeToDecision].flat() as number[];
    expect(ms).toBeGreaterThanOrEqual(3000);
    expect(ms).toBeLessThan(13_000); // three seconds late, plus the time to handle it
    const refused = lines.filter((line) => 'MovesRefused' in line);
    const sum = (name: string) => lines.reduce((sum, line) => sum + Number(line[name] ?? 0), 0);
    expect(refused.map(({ gate }) => gate)).toEqual(['open_command']);
    expect(sum('MovesWanted')).toBe(sum('MovesAllowed') + sum('MovesRefused'));
  });

  it('is one line per run or per minute, not one per request', () => {
    const { series } = measures.measured();
    const of = (name: 'Count') =>
      Object.values(series[keyOfAws('api', name)]!).reduce((sum, { count }) => sum + count, 0);
    expect(of('Count')).toBeGreaterThan(8);
    const said = lines.filter((line) => 'DataApiCalls' in line);
    expect(said.length).toBeLessThanOrEqual(6); // one for each function that ran, and only after a minute
  });
});

describe('the page', () => {
  it('has every widget, each with its picture or the reason why it has none', () => {
    const measured = measures.measured();
    const page = dashboardPage(measured);
    for (const widget of dashboards.flatMap(({ widgets }) => widgets)) {
      const { svg, notes } = show(widget, measured);
      expect(page.includes(`aria-label="${widget.title.replaceAll('"', '&quot;')}"`), widget.title).toBe(
        svg !== undefined,
      );
      if (svg === undefined)
        expect(notes.join(' '), widget.title).toMatch(/^Only AWS|^0 all the time|^None in this run|^Nothing/);
    }
    const drawn = page.match(/<svg role="img"/g)!;
    expect(drawn.length).toBeGreaterThan(dashboards.flatMap(({ widgets }) => widgets).length / 2);
  });

  it('takes the lag of a job from the stand-in for the scheduler, which uses the clock of the run', () => {
    const { series } = measures.measured();
    const most = Math.max(...Object.values(series['ours JobLag ']!).map((samples) => statisticOf(samples, 'Maximum')));
    expect(most).toBe(7000);
  });

  it('is made from the file that npm start saves', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dashboard-'));
    measures.save(join(directory, measuresFile));
    expect(readMeasured(join(directory, measuresFile))).toEqual(measures.measured());
    await rm(directory, { recursive: true });
    expect(() => readMeasured(join(directory, measuresFile))).toThrow(/npm start writes it/);
  });
});

describe.skipIf(!executablePath)('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    const args = ['--no-sandbox', '--disable-background-networking'];
    browser = await chromium.launch({ executablePath: executablePath!, args });
  });
  afterAll(() => browser?.close());

  it('needs no script and no other resource, and fits the window', async () => {
    const directory = process.env.DASHBOARD_DATA;
    const measured = directory ? readMeasured(join(directory, measuresFile)) : measures.measured();
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1500, height: 1000 } });
    const page = await context.newPage();
    const asked: string[] = [];
    page.on('request', (request) => void asked.push(request.url()));
    await page.setContent(dashboardPage(measured));
    expect(asked).toEqual([]);
    expect(await page.locator('figure').count()).toBe(dashboards.flatMap(({ widgets }) => widgets).length);
    for (const figure of await page.locator('figure').all()) {
      const [outer, picture] = [
        await figure.boundingBox(),
        await figure
          .locator('svg')
          .first()
          .boundingBox({ timeout: 50 })
          .catch(() => null),
      ];
      expect(outer!.x + outer!.width).toBeLessThanOrEqual(1500);
      if (picture) expect(picture.height).toBeGreaterThan(100);
    }
    const pictures = process.env.DASHBOARD_PICTURES;
    if (pictures)
      for (const { name } of dashboards)
        await page.locator(`#${name}`).screenshot({ path: join(pictures, `dashboard-${name}.png`) });
  });
});
