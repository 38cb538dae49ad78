import { describe, it } from 'vitest';
import { type Bound, omniscient, omniscientAt } from '../../../evaluation/service/omniscient.ts';
import { profiles } from '../../../evaluation/service/profile.ts';
import {
  alwaysOnDemand,
  cheapest,
  onePool,
  sticky,
  thresholdRule,
} from '../../../functions/core/backtest/simulator/baselines.ts';
import type { ServiceResult } from '../../../functions/core/backtest/simulator/ledger.ts';
import { policyA } from '../../../functions/core/backtest/simulator/policy-a.ts';
import type { PoolGroup } from '../../../functions/core/backtest/simulator/pool-group.ts';
import { simulate } from '../../../functions/core/backtest/simulator/simulate.ts';
import { day, type PolicyAConfig, policyAConfig } from '../../../functions/core/decision/policy-a/config.ts';
import { expectGolden } from '../../support/evaluation/expect-golden.ts';
import { describeRecorded, golden, recordedGroup } from '../../support/evaluation/recorded-data.ts';
import { playsAllMarkets } from '../../support/run/sizes.ts';

/** Results of an independent simulator and policy on the same records. */
type Golden = Partial<Record<keyof ServiceResult, number>> & { odFraction?: number };
type ByGroup = Record<string, Golden>;

const timing = profiles.target;

/** Costs are shares of on-demand, and availabilities have more decimals than costs in USD. */
const within = 5e-6;

/** As in the golden results: the prior weighs two days, and a failover's pool must be worth the whole interruption. */
const goldenConfig: PolicyAConfig = {
  ...policyAConfig,
  pacing: { ...policyAConfig.pacing, priorWeight: 2 * day, failoverShare: 1 },
};

function expectGoldens(result: ServiceResult | Bound, { odFraction, ...wanted }: Golden): void {
  const all = { ...result, odFraction: 'onDemandFraction' in result ? result.onDemandFraction : undefined };
  for (const [name, value] of Object.entries({ ...wanted, ...(odFraction === undefined ? {} : { odFraction }) }))
    if (name in all) expectGolden(all[name as keyof typeof all]!, value, name, within);
}

/** Plays a policy or bound by its name in the golden files. */
function play(group: PoolGroup, name: string): ServiceResult | Bound {
  const run = (policy: Parameters<typeof simulate>[1]) => simulate(group, policy, timing);
  const [kind, slo] = name.split('@') as [string, string?];
  if (kind === 'omniscient') return slo ? omniscientAt(group, timing, Number(slo)) : omniscient(group, timing);
  if (kind === 'week' || kind === 'rolling')
    return run(policyA(group, { availability: Number(slo), over: kind }, timing, goldenConfig));
  if (name.startsWith('always')) return run(alwaysOnDemand());
  if (name.startsWith('greedy')) return run(cheapest(group));
  if (name.startsWith('sticky')) return run(sticky(group));
  if (name.startsWith('original')) return run(thresholdRule(group));
  const [, pool] = /#(\d)/.exec(name)!;
  return run(onePool(Number(pool)));
}

/** Groups that play in a tenth of a second. */
const quick = ['sky22-2022-11-28', 'sky22dec', 'gcp25oct-uscentral1', 'gcp25oct-uswest1'];
const isPlayed = (group: string) => playsAllMarkets || quick.some((prefix) => group.startsWith(prefix));

describeRecorded('a service on recorded markets', () => {
  const baselines = golden<{ groups: Record<string, ByGroup> }>('golden-family-a.json').groups;
  it.each(Object.keys(baselines).filter(isPlayed))('costs with every baseline as the golden results say: %s', (id) => {
    const group = recordedGroup(`availability/${id}`);
    for (const [name, wanted] of Object.entries(baselines[id]!)) expectGoldens(play(group, name), wanted);
  });
}, ['golden-family-a.json']);

const folders = { 'golden-engine-2.json': 'availability', 'golden-engine-2-more.json': 'availability-more' };
describe.each(Object.entries(folders))('%s', (file, folder) => {
  describeRecorded('a service on its records', () => {
    const results = Object.entries(golden<{ results: Record<string, ByGroup> }>(file).results);
    it.each(Object.keys(results[0]![1]).filter(isPlayed))('costs what it says: %s', (id) => {
      const group = recordedGroup(`${folder}/${id}`);
      for (const [name, byGroup] of results) expectGoldens(play(group, name), byGroup[id]!);
    });
  }, [file]);
});
