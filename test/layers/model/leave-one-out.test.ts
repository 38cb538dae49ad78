import { expect, it } from 'vitest';
import { fitWithout, leaveOneOut, sourceOf } from '../../../layers/model/leave-one-out.ts';
import { leftOutTable } from '../../../layers/model/left-out-table.ts';
import { fitRows, knownAfter, scoreModel } from '../../../layers/model/train-models.ts';
import { trainingRows } from '../../../layers/model/training-rows.ts';
import { describeRecorded, recordedGroup } from '../../support/evaluation/recorded-data.ts';

it.each([
  ['sky22-2022-10-26-usw2-p3.2xlarge', 'sky22-2022-10-26'],
  ['sky22dec-sps-p3.2xlarge', 'sky22dec'],
  ['narayanan20-use1-p2.xlarge', 'narayanan20'],
  ['mine', 'mine'],
])('the source of %s is %s', (id, source) => {
  expect(sourceOf({ id })).toBe(source);
});

describeRecorded('leaving one source out', () => {
  const group = (name: string) => recordedGroup(`availability/${name}`);
  const groups = [
    group('sky22-2022-11-28-usw2-p2.xlarge'),
    group('sky22-2022-11-28-usw2-p3.2xlarge'),
    group('sky22dec-sps-p3.2xlarge'),
  ];

  it('fits on the rows of all other sources and on none of its own', () => {
    const rows = new Map(['a', 'b', 'c'].map((name, index) => [name, trainingRows(groups[index]!)]));
    const wrong = (source: string) =>
      new Map(
        [...rows].map(([name, own]) => [name, name === source ? own.map((row) => ({ ...row, lostAfter: 0 })) : own]),
      );
    expect(fitWithout(wrong('b'), 'b')).toEqual(fitWithout(rows, 'b'));
    for (const other of ['a', 'c']) expect(fitWithout(wrong(other), 'b')).not.toEqual(fitWithout(rows, 'b'));
  });

  it('scores each source with a model of the other sources, beside the model of all', { timeout: 60_000 }, () => {
    const worths = leaveOneOut(groups);
    expect(worths.map(({ source }) => source)).toEqual(['sky22-2022-11-28', 'sky22dec']);
    const of = (some: typeof groups) => some.flatMap((group) => knownAfter(trainingRows(group), 1));
    const [two, one] = [of(groups.slice(0, 2)), of(groups.slice(2))] as const;
    const own = worths[1]!;
    expect(own.leftOut.scores).toEqual(scoreModel(fitRows(two, 1), one, 1));
    expect(own.inSample.scores).toEqual(scoreModel(fitRows([...two, ...one], 1), one, 1));
    expect(worths[0]!.leftOut.policyA).not.toEqual(worths[0]!.inSample.policyA);
    for (const { leftOut } of worths)
      for (const { gap, slack } of leftOut.policyA.flat()) {
        expect(gap).toBeGreaterThan(0.9);
        expect(gap).toBeLessThan(1.001);
        expect(slack).toBeGreaterThan(-5e-5);
      }
    const { rows } = leftOutTable(worths);
    expect(rows.map((row) => row.slice(0, 2))).toEqual([
      ['sky22-2022-11-28', '2'],
      ['sky22dec', '1'],
      ['all groups', '3'],
    ]);
    const missed = {
      ...own,
      leftOut: { ...own.leftOut, policyA: own.leftOut.policyA.map(() => [{ gap: 1, slack: -1e-4 }]) },
    };
    expect(leftOutTable([worths[0]!, missed]).rows.at(-1)!.at(-1)).toMatch(/^0\.\d{4} \/ fails$/);
  });

  it('needs at least two sources', () => {
    expect(() => leaveOneOut(groups.slice(2))).toThrow('one source cannot be left out of 1');
  });
});
