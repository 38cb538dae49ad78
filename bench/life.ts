import type { VirtualClock } from '../local/clock.ts';
import type { ControlPlane } from '../local/control-plane.ts';
import type { Outcome } from '../local/fleet/report/report.ts';
import type { Fleet } from '../local/fleet/run/fleet.ts';
import { readOptions, type StartOptions } from '../local/fleet/run/options.ts';
import { play } from '../local/fleet/run/play.ts';
import { Progress } from '../local/fleet/run/progress.ts';
import type { Query } from '../local/fleet/run/query.ts';
import type { Tenant } from '../local/fleet/run/tenant.ts';
import { Console } from './console-day.ts';
import { exposeMarket, marketWithLosses } from './made-up-market.ts';
import type { Happened } from './table-bounds.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** How a fleet lives: only as much activity as it takes to leave the same rows as in AWS. */
export interface Life {
  readonly agents: number;
  readonly days: number;
  readonly start: Date;
  /** Polling period of idle agents. */
  readonly pollSeconds: number;
  /** Time between two losses of a pool. */
  readonly lossEveryDays: number;
  /** Called at the end of each day, before the nightly jobs. */
  readonly onDay: (day: number, happened: Happened, now: Date) => Promise<void>;
}

export interface Where {
  readonly plane: ControlPlane;
  readonly clock: VirtualClock;
  readonly query: Query;
  readonly tenant: Tenant;
  readonly signal: AbortSignal;
}

/** As often as in AWS: each run writes a row per pool, whether or not anything has happened. */
const observeMs = 10 * minuteMs;
const collectMs = hourMs;

/** While no agent calls, the other jobs only have timeouts to act on, so they run only this often. */
const quietMs = 3 * hourMs;

/** How the run differs from AWS, for readers of the figures. */
export const shortcuts = ({ pollSeconds }: Pick<Life, 'pollSeconds'>) => [
  `Idle agents called every ${pollSeconds / 3600} h in each of their loops, in place of every 15 s to an hour: calls overwrite what the last ones said, ` +
    'but for clean-up reports, a row each, of which there were as many fewer, and decisions that say something new.',
  "EC2's prices were collected once an hour, and the rows of the other five minutes entered with the price that held: as many as collect-prices enters.",
  'observe-pools ran each ten minutes, all other jobs in each minute after an agent had spoken, and otherwise every three hours: in between they have nothing to do but to note that agents could be heard, which was entered each minute.',
  'Agents at work called every one or two minutes.',
];

/** Plays days of virtual time on a control plane: agents, interruptions, jobs, AWS's data, and console users. */
export async function live({ plane, clock, query, tenant, signal }: Where, life: Life): Promise<Outcome> {
  const { agents, days, start, pollSeconds } = life;
  const market = marketWithLosses(life);
  exposeMarket(plane, market, () => clock.now());
  const people = new Console(plane, tenant);
  await people.begin();
  const jobs = new Jobs(plane, query);
  let day = 0;
  const outcome = await play({
    options: optionsOf(life),
    market,
    start,
    end: new Date(start.getTime() + days * dayMs + 4 * hourMs),
    clock,
    url: plane.url,
    tenant,
    query,
    environment: {
      HEARTBEAT_INTERVAL: 120,
      PENDING_COMMANDS_CHECK_INTERVAL: 60,
      CONFIG_REFRESH_INTERVAL: 120,
    },
    tickSeconds: observeMs / 1000,
    onMinute: async (now, fleet) => {
      await plane.events.deliverDue();
      await jobs.minute(now, fleet);
      const passed = Math.floor((now.getTime() - start.getTime()) / dayMs);
      for (; day < passed; ) {
        day += 1;
        await people.day(market);
        await life.onDay(day, happenedTo(fleet, { day, pools: market.pools.length, made: people.made }, now), now);
      }
    },
    postEvents: (batch) => {
      plane.events.send(batch);
      return plane.events.deliverDue();
    },
    deadLetters: plane.deadLetters,
    ec2: plane.ec2,
    progress: new Progress(),
    log: () => {},
    signal,
  });
  return { ...outcome, notes: [...outcome.notes, ...shortcuts({ pollSeconds }), `${agents} agents of one tenant.`] };
}

function optionsOf({ agents, days, pollSeconds }: Life): StartOptions {
  const options = readOptions(['--availability', 'made-up', '--agents', String(agents), '--days', String(days)]);
  if (options === 'help') throw new Error('no help was asked for');
  return { ...options, pollSeconds, terminateWaitSeconds: 60 };
}

/** Runs the jobs just often enough to leave the same rows. */
class Jobs {
  readonly #plane: ControlPlane;
  readonly #query: Query;
  #spoken = 0;
  #ranAt = 0;

  constructor(plane: ControlPlane, query: Query) {
    this.#plane = plane;
    this.#query = query;
  }

  async minute(now: Date, { ledger: { requests } }: Fleet): Promise<void> {
    await this.#listen(now);
    const isQuiet = requests === this.#spoken && now.getTime() - this.#ranAt < quietMs;
    this.#spoken = requests;
    if (!isQuiet) {
      this.#ranAt = now.getTime();
      await this.#plane.scheduler.runDue();
    } else if (now.getTime() % observeMs === 0)
      await this.#plane.runJob({ job: 'observe-pools', time: now.toISOString() });
    if (now.getTime() % collectMs === 0) await this.#collect(now);
  }

  /** Records that agents could be heard, as every-minute jobs do; without it no agent would ever count as silent. */
  async #listen(now: Date): Promise<void> {
    await this.#query('UPDATE hearing SET heard_until = :now', { now: textOf(now) });
  }

  /** Inserts the hour's eleven price buckets that were skipped, with the unchanged price, then collects new prices. */
  async #collect(now: Date): Promise<void> {
    const minutes = Array.from({ length: 11 }, (_, i) => `SELECT ${5 * (i + 1)}${i === 0 ? ' AS n' : ''}`).join(
      ' UNION ALL ',
    );
    await this.#query(
      `INSERT IGNORE INTO pricing_snapshots_clean (pool_id, time_bucket, spot_price, source_type, source_priority, confidence_score, observed_at)
       SELECT p.id, TIMESTAMPADD(MINUTE, -m.n, :now), p.latest_price, 'market', 5, 1, TIMESTAMPADD(MINUTE, -m.n, :now)
       FROM spot_pools AS p CROSS JOIN (${minutes}) AS m WHERE p.latest_price IS NOT NULL`,
      { now: textOf(now) },
    );
    await this.#plane.runJob({ job: 'collect-prices', time: now.toISOString() });
  }
}

const textOf = (time: Date) => time.toISOString().slice(0, 19).replace('T', ' ');

function happenedTo(
  { ec2: { instances }, images, interruptions }: Fleet,
  { day, pools, made }: { day: number; pools: number; made: number },
  now: Date,
): Happened {
  const hours = instances.map(
    ({ launchedAt, stoppedAt = now }) =>
      Math.ceil(stoppedAt.getTime() / hourMs) - Math.floor(launchedAt.getTime() / hourMs),
  );
  return {
    tenants: 1,
    agents: images.length,
    pools,
    places: 1,
    days: day,
    launches: instances.length,
    instanceHours: hours.reduce((sum, n) => sum + n, 0),
    // Each interruption has a recommendation and a notice.
    announcements: 2 * interruptions.size,
    made,
  };
}
