import type { Db } from '../../shared/db.ts';
import { forEachIsolated } from '../../shared/for-each-isolated.ts';
import type { RunTime } from '../../shared/run-time.ts';
import { overlayReader } from '../savings/overlays.ts';
import { readHistory } from './history.ts';
import { playerOf } from './play.ts';
import { beginTry, failRun, openRuns, readRun, savePlays } from './runs.ts';
import type { Play } from './wire.ts';

/** How many back-tests one run of the job considers. */
const atMost = 20;
/** A back-test that failed this often will most likely fail again. */
const mostAttempts = 3;

/**
 * Plays the waiting back-tests, oldest first, place by place as long as there is time; the next run continues with the
 * rest. Results are saved before the next place is begun, so a run that is killed loses one place at most.
 * @returns how many plays were played
 */
export async function playWhatIfs(db: Db, { hasTime }: RunTime, now: Date): Promise<number> {
  const runs = await openRuns(db, atMost);
  return forEachIsolated('playing a what-if', runs, (run) => playRun(db, run, hasTime, now), {
    hasTime,
    name: ({ id }) => ({ run: id }),
  });
}

type OpenRun = Awaited<ReturnType<typeof openRuns>>[number];

async function playRun(db: Db, open: OpenRun, hasTime: RunTime['hasTime'], now: Date): Promise<number> {
  if (open.attempts >= mostAttempts) {
    await failRun(db, open, `It was abandoned after ${mostAttempts} attempts; the results so far are shown`, now);
    return 0;
  }
  if (!(await beginTry(db, open))) return 0;
  const { plays: kept, clientId, periodFrom: from, periodTo: to } = await readRun(db, open);
  const overlays = (await overlayReader(db)([clientId]))(clientId);
  let plays = kept;
  let seen = { ...open, attempts: open.attempts + 1 };
  // An attempt that was counted plays at least one place: there was time when it began.
  do {
    const first = plays[seen.playsDone]!;
    const isThere = ({ instance_type, region }: Play) =>
      instance_type === first.instance_type && region === first.region;
    const { instance_type: instanceType, region } = first;
    const history = await readHistory(db, { clientId, instanceType, region, overlays, period: { from, to } });
    const play = typeof history === 'string' ? undefined : playerOf(history);
    const reason = typeof history === 'string' ? history : null;
    plays = plays.map((one) => (isThere(one) ? { ...one, outcome: play?.(one) ?? null, reason } : one));
    // Plays of one place follow each other.
    const playsDone = plays.findLastIndex(isThere) + 1;
    if (!(await savePlays(db, seen, { plays, playsDone }, now))) break;
    seen = { ...seen, attempts: 0, playsDone };
  } while (seen.playsDone < plays.length && hasTime());
  return seen.playsDone - open.playsDone;
}
