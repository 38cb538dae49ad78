import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Row } from '../../evaluation/run/rows.ts';
import { evaluate } from '../support/evaluation/evaluate.ts';
import { describeRecorded, recordedData } from '../support/evaluation/recorded-data.ts';
import { temporaryFolder } from '../support/run/temporary-folder.ts';

describeRecorded('npm run evaluate', () => {
  it('prints tables, and writes them with results and a chart for each group and set of jobs', async () => {
    const out = temporaryFolder('evaluation');
    const policy = join(out, 'policy.json');
    writeFileSync(policy, '{"a": {"pacing": {"lambdas": {"from": 1e5, "to": 1e6}}}}');
    const args = ['--out', out, '--groups', '11-28-usw2-p2.xlarge', '--processes', '2', '--only'];
    const { status, stdout } = await evaluate(recordedData, ...args, 'services,jobs');
    expect(status).toBe(0);
    expect(stdout).toMatch(/\| policy A, week @0.9995 +\| 0\.\d{4} /);
    expect(stdout).toMatch(/\| policy B +\|( +0\.\d{4} \|){6}/);
    expect(readFileSync(join(out, 'tables.md'), 'utf8')).toContain(stdout.slice(0, stdout.indexOf('\n\nPlayed in')));
    const charts = readdirSync(join(out, 'charts'));
    expect(charts).toEqual(['availability-sky22-2022-11-28-usw2-p2.xlarge.svg', 'jobs-one-pool.svg']);
    const [service, jobs] = charts.map((chart) => readFileSync(join(out, 'charts', chart), 'utf8'));
    expect(service).toMatch(/^<svg [\s\S]*policy A, rolling @0\.999[\s\S]*<\/svg>$/);
    expect(jobs).toMatch(/^<svg [\s\S]*Uniform Progress[\s\S]*<\/svg>$/);

    const costOf = () => {
      const rows = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as Row[];
      const row = rows.find((row) => row.kind === 'service' && row.policy === 'policy A, week @0.9995');
      return row?.kind === 'service' ? row.results[0]!.costRel : Number.NaN;
    };
    const before = costOf();
    // When downtime is priced so high that no stay on Spot pays, the service remains on-demand.
    expect((await evaluate(recordedData, ...args, 'services', '--policy', policy)).status).toBe(0);
    expect(before).toBeLessThan(0.7);
    expect(costOf()).toBeCloseTo(1, 9);
  });

  it.each([
    [['--groups', 'nothing'], '--groups nothing: no group of pools'],
    [['--only', 'stocks'], '--only stocks: expected one or more of services,prices,jobs,pools,standbys'],
    [['--policy', '/nowhere.json'], '--policy /nowhere.json: '],
    [['--data', '/nowhere'], '/nowhere has nothing that can be played'],
  ])('refuses %j', async (args, message) => {
    const { status, stderr } = await evaluate(recordedData, ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('npm run evaluate -- --help lists the options.');
  });
});
