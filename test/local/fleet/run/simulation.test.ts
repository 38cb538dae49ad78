import { describe, expect, it } from 'vitest';
import { Simulation } from '../../../../local/fleet/run/simulation.ts';
import { market, t } from '../../../support/fleet/simulated-fleet.ts';

/** A simulation, and the minutes for which it called `onMinute`. */
function simulated(options: { concurrency?: number } = {}) {
  const minutes: string[] = [];
  const simulation = new Simulation({
    clock: { set: () => {} },
    start: market.start,
    onMinute: async (now) => {
      minutes.push(now.toISOString().slice(11, 19));
    },
    ...options,
  });
  return { simulation, minutes };
}

const takesReal = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe('simulation', () => {
  it('wakes processes in the order of virtual time, and within a second in the order they went to sleep', async () => {
    const { simulation } = simulated();
    const seen: string[] = [];
    const process = (name: string, ...pauses: number[]) =>
      simulation.spawn(async () => {
        for (const seconds of pauses) {
          await simulation.sleep(seconds);
          seen.push(`${name}${(simulation.now.getTime() - market.start.getTime()) / 1000}`);
        }
      });
    process('a', 10, 20);
    process('b', 5, 5, 5);
    process('c', 10);
    await simulation.run(t('00:01:00'));
    expect(seen).toEqual(['b5', 'a10', 'c10', 'b10', 'b15', 'a30']);
    expect(simulation.now).toEqual(t('00:01:00'));
  });

  it('stands still during a real call', async () => {
    const { simulation } = simulated();
    const seen: string[] = [];
    simulation.spawn(async () => {
      await simulation.sleep(1);
      await simulation.real(() => takesReal(30));
      seen.push(`called at ${simulation.now.getUTCSeconds()}`);
    });
    simulation.spawn(async () => {
      await simulation.sleep(2);
      seen.push('slept until 2');
    });
    await simulation.run(t('00:00:10'));
    expect(seen).toEqual(['called at 1', 'slept until 2']);
  });

  it('runs the calls of one second together, up to its limit', async () => {
    const { simulation } = simulated({ concurrency: 3 });
    let running = 0;
    let most = 0;
    let done = 0;
    for (let process = 0; process < 10; process++)
      simulation.spawn(async () => {
        await simulation.sleep(5);
        await simulation.real(async () => {
          most = Math.max(most, ++running);
          await takesReal(2);
          running--;
          done++;
        });
      });
    await simulation.run(t('00:00:10'));
    expect([most, done]).toEqual([3, 10]);
  });

  it('calls onMinute before anything else in that minute, once for a jump over several', async () => {
    const { simulation, minutes } = simulated();
    let seenAt90: string[] = [];
    simulation.spawn(async () => {
      await simulation.sleep(90);
      seenAt90 = [...minutes];
      await simulation.sleep(5);
      await simulation.sleep(600);
    });
    await simulation.run(t('00:30:30'));
    expect(seenAt90).toEqual(['00:01:00']);
    expect(minutes).toEqual(['00:01:00', '00:11:00', '00:30:00']);
  });

  it('lets one process wake or abort the pause of another', async () => {
    const { simulation } = simulated();
    const woken = simulation.pause(100);
    const aborted = simulation.pause(100);
    const seen: string[] = [];
    simulation.spawn(() => woken.over.then(() => seen.push(`woken at ${simulation.now.getUTCSeconds()}`)));
    simulation.spawn(() => aborted.over.catch((error: Error) => seen.push(error.message)));
    simulation.spawn(async () => {
      await simulation.sleep(7);
      woken.wake();
      aborted.abort(new Error('SIGTERM'));
      aborted.wake();
    });
    await simulation.run(t('00:10:00'));
    expect(seen).toEqual(['woken at 7', 'SIGTERM']);
  });

  it('fails with the error of a process', async () => {
    const { simulation } = simulated();
    simulation.spawn(async () => {
      await simulation.sleep(1);
      throw new Error('a bug');
    });
    await expect(simulation.run(t('00:01:00'))).rejects.toThrow('a bug');
  });
});
