import { compareOnTrace } from '../../../evaluation/service/compare.ts';
import { type Market, poolId } from '../../market/market.ts';
import { regionOf } from '../../market/price-events.ts';
import type { Query } from '../run/query.ts';
import type { Costs, costOfPrimaries } from './costs.ts';
import { cutoverSeconds } from './interruption-report.ts';
import type { InterruptionSummary } from './interruption-summary.ts';
import type { Row } from './table.ts';
import { availabilityOf } from './uptime.ts';

/** The run of agents with a target, compared with the evaluation of the same trace. */
export interface PolicyScore {
  /** In percent. */
  readonly target: number;
  /** The share of all ten-minute periods of all pools in which the pool was seen. */
  readonly observedShare: number;
  readonly simulated: ReturnType<typeof compareOnTrace>;
  readonly primaries: ReturnType<typeof costOfPrimaries>;
}

interface Scored {
  readonly path: string;
  readonly target: number;
  readonly market: Market;
  /** The zone in which each agent began. */
  readonly zones: readonly string[];
  readonly primaries: PolicyScore['primaries'];
  readonly start: Date;
  readonly end: Date;
}

const periodMs = 600_000;

export async function policyScore(
  query: Query,
  { path, target, market, zones, primaries, start, end }: Scored,
): Promise<PolicyScore> {
  const seen = new Map<string, boolean>();
  for (const { az } of market.pools) {
    const rows = await query(
      `SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', bucket) AS at, is_up AS up FROM pool_availability
        WHERE pool_id = :pool AND bucket >= :start AND bucket < :end`,
      { pool: poolId(market, az), start: start.toISOString().slice(0, 19), end: end.toISOString().slice(0, 19) },
    );
    for (const { at, up } of rows) seen.set(`${az} ${Number(at) * 1000}`, Boolean(Number(up)));
  }
  const periods = (market.pools.length * (end.getTime() - start.getTime())) / periodMs;
  const startOf = (at: number) => Math.floor(at / periodMs) * periodMs;
  return {
    target,
    observedShare: seen.size / periods,
    primaries,
    simulated: compareOnTrace({
      path,
      target: target / 100,
      seen: (az, at) => {
        // A decision knows the last period that has ended.
        const isUp = seen.get(`${az} ${startOf(start.getTime() + at) - periodMs}`);
        return isUp === undefined ? 'unknown' : isUp ? 'up' : 'down';
      },
      from: start,
      lastsMs: end.getTime() - start.getTime(),
      places: placesOf(market, zones),
    }),
  };
}

/** Agents stay in the region that they began in. */
const placesOf = ({ pools }: Market, zones: readonly string[]) =>
  [...Map.groupBy(zones, regionOf)].map(([region, { length }]) => ({
    zones: pools.map(({ az }) => az).filter((az) => regionOf(az) === region),
    agents: length,
  }));

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

export function policyRows(
  { target, observedShare, simulated, primaries }: PolicyScore,
  costs: Costs,
  { uptimes, cutovers }: InterruptionSummary,
): Row[] {
  const row = (label: string, cost: number, availability: number, note: string): Row => [
    label,
    percent(cost),
    `of on-demand, ${(100 * availability).toFixed(3)} % available${note}`,
  ];
  const simulation = (label: string, { costRel, availability, onDemandFraction }: PolicyScore['simulated']['all']) =>
    row(`  ${label}`, costRel, availability, `, ${percent(onDemandFraction)} of the time on-demand`);
  const run = costs.actual / costs.baseline;
  const beside = costs.actual - primaries.usd;
  return [
    row('this fleet', run, availabilityOf(uptimes, cutoverSeconds, cutovers), `; the target is ${target} %`),
    ['  on-demand', percent(primaries.onDemandUsd / costs.baseline), 'of the time, as primaries'],
    [
      '  beside primaries',
      (100 * (beside / costs.baseline)).toFixed(1),
      'points: standbys, and what was replaced and runs on',
    ],
    ['simulated on the trace', '', 'by what is told of the pools'],
    simulation('what one service meets', simulated.blind),
    simulation('what this fleet saw', simulated.observed),
    simulation('everything', simulated.all),
    [
      'above what this fleet saw',
      `${(100 * (run - simulated.observed.costRel)).toFixed(1)}`,
      'points of the cost of on-demand',
    ],
    ['seen of the pools', percent(observedShare), 'of their periods of ten minutes'],
  ];
}
