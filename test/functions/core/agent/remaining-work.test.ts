import { describe, expect, it } from 'vitest';
import { type JobOfAgent, workLeft } from '../../../../functions/core/agent/remaining-work.ts';

const start = new Date('2026-03-04T12:00:00Z');
const later = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const job = (over: Partial<JobOfAgent> = {}): JobOfAgent => ({
  remainingWorkSeconds: 3600,
  remainingWorkAt: start,
  restartOverheadSeconds: 720,
  primaryChangedAt: later(-7200),
  lastHeartbeatAt: later(600),
  ...over,
});

describe('the remaining work', () => {
  it('is unknown if nobody has reported it', () => {
    expect(workLeft(job({ remainingWorkSeconds: null, remainingWorkAt: null }), start)).toBeNull();
  });

  it('is what was reported, less the time until the primary was last heard from', () => {
    expect(workLeft(job(), later(600))).toEqual({ seconds: 3000, overheadSeconds: 0 });
    expect(workLeft(job(), later(6000)), 'silent since').toEqual({ seconds: 3000, overheadSeconds: 0 });
    expect(workLeft(job({ lastHeartbeatAt: later(9000) }), later(9000))).toEqual({ seconds: 0, overheadSeconds: 0 });
    expect(workLeft(job({ lastHeartbeatAt: null }), later(9000))).toEqual({ seconds: 3600, overheadSeconds: 0 });
  });

  it('does not shrink during the overhead of a launch', () => {
    const launched = job({ primaryChangedAt: later(-120) });
    expect(workLeft(launched, start)).toEqual({ seconds: 3600, overheadSeconds: 600 });
    expect(workLeft(launched, later(300))).toEqual({ seconds: 3600, overheadSeconds: 300 });
    expect(workLeft({ ...launched, lastHeartbeatAt: later(900) }, later(900))).toEqual({
      seconds: 3300,
      overheadSeconds: 0,
    });
  });
});
