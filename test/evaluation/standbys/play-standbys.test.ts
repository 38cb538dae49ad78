import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosers } from '../../../evaluation/standbys/choosers.ts';
import { playStandbys } from '../../../evaluation/standbys/play-standbys.ts';
import type { PoolGroup } from '../../../functions/core/backtest/simulator/pool-group.ts';

/** Pools by name, each with its price and with `1` or `0` for each ten minutes. */
function market(pools: Readonly<Record<string, readonly [price: number, up: string]>>): PoolGroup {
  const steps = Object.values(pools)[0]![1].length;
  return {
    id: 'test',
    stepSeconds: 600,
    steps,
    onDemandPrice: 1,
    pools: Object.entries(pools).map(([id, [price, up]]) => ({
      id,
      onDemandPrice: 1,
      up: Uint8Array.from(up, Number),
      prices: Float64Array.from({ length: steps }, () => price),
    })),
  };
}

/** Pools a and b are lost together every hour, pool c never. */
const together = market({
  a: [0.2, '111110'.repeat(10)],
  b: [0.3, '111110'.repeat(10)],
  c: [0.5, '111111'.repeat(10)],
});

const play = (name: string, group: PoolGroup) => playStandbys(group, choosers[name]!);

describe('a standby', () => {
  it('covers a failover if its pool stays up', () => {
    const apart = market({ a: [0.2, `${'1'.repeat(30)}000111`], b: [0.3, '1'.repeat(36)] });
    expect(play('cheapest', apart)).toMatchObject({ failovers: 1, uncovered: 0, avoidable: 0, lost: 1 });
  });

  it('does not fail over from a pool that is down when its service starts', () => {
    const oneDown = market({ a: [0.2, '0'.repeat(12)], b: [0.3, '1'.repeat(12)], c: [0.4, '1'.repeat(12)] });
    expect(play('cheapest', oneDown)).toMatchObject({ failovers: 0, uncovered: 0, launches: 3 });
  });

  it('in the cheapest pool is lost with the primary again and again', () => {
    const { failovers, uncovered, avoidable } = play('cheapest', together);
    expect(uncovered).toBeGreaterThan(failovers / 2);
    expect(avoidable).toBe(uncovered);
  });

  it.each(['control plane', 'least hazard', 'price and joint loss'])('placed by %s learns of joint losses', (name) => {
    expect(play(name, together).avoidable).toBeLessThanOrEqual(4); // the first ones of services that start in a and b
  });

  it('costs its pool’s price while there is one', () => {
    const quiet = market({ a: [0.2, '1'.repeat(12)], b: [0.3, '1'.repeat(12)] });
    // Two hours from each pool: in b, and in a.
    expect(play('cheapest', quiet)).toMatchObject({
      hours: expect.closeTo(4, 9),
      cost: expect.closeTo(2 * 0.3 + 2 * 0.2, 9),
    });
  });
});

it('is placed by nothing that comes later', () => {
  const record = fc.array(fc.boolean(), { minLength: 60, maxLength: 60 });
  const pools = fc.tuple(record, record, record);
  fc.assert(
    fc.property(
      pools,
      fc.integer({ min: 10, max: 50 }),
      fc.constantFrom(...Object.keys(choosers)),
      (ups, from, name) => {
        const texts = ups.map((up) => up.map(Number).join(''));
        const groupOf = (changed: boolean) =>
          market(
            Object.fromEntries(
              texts.map((up, n) => [
                'abc'[n]!,
                [
                  0.2 + n / 10,
                  changed
                    ? up.slice(0, from) + up.slice(from).replaceAll(/./g, (bit) => (bit === '1' ? '0' : '1'))
                    : up,
                ],
              ]),
            ),
          );
        const choicesOf = (changed: boolean) => {
          const choices: unknown[] = [];
          playStandbys(groupOf(changed), (seen, primary, open) => {
            const chosen = choosers[name]!(seen, primary, open);
            if (seen.step < from) choices.push([seen.step, primary, chosen]);
            return chosen;
          });
          return choices;
        };
        expect(choicesOf(true)).toEqual(choicesOf(false));
      },
    ),
  );
});
