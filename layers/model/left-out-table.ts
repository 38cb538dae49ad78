import { tolerance } from '../../evaluation/report/service-tables.ts';
import { mean } from '../../evaluation/report/statistics.ts';
import type { Table } from '../../evaluation/report/text-table.ts';
import { slos } from '../../evaluation/service/line-up.ts';
import type { SourceWorth, Worth } from './leave-one-out.ts';

/** Scores of each source and of all groups together, each as in-sample / left out. */
export function leftOutTable(sources: readonly SourceWorth[]): Table {
  const pair = (of: (worth: Worth) => string) => (source: SourceWorth) =>
    `${of(source.inSample)} / ${of(source.leftOut)}`;
  const columns = {
    'AUC 1 h': pair(({ scores }) => scores.auc.toFixed(4)),
    'Brier 1 h': pair(({ scores }) => scores.brier.toFixed(4)),
    ...Object.fromEntries(slos.map((slo, at) => [`gap @${slo}`, pair(({ policyA }) => gapOf([policyA[at]!]))])),
  };
  const all = (pick: (source: SourceWorth) => Worth, at: number) =>
    gapOf(sources.map((source) => pick(source).policyA[at]!));
  return {
    title: 'Each source by models of all sources / of all others; policy A by the week, profile target',
    head: ['source', 'groups', 'rows', ...Object.keys(columns)],
    rows: [
      ...sources.map((source) => [
        source.source,
        String(source.inSample.policyA[0]!.length),
        String(source.inSample.scores.rows),
        ...Object.values(columns).map((of) => of(source)),
      ]),
      [
        'all groups',
        String(sources.reduce((sum, { inSample }) => sum + inSample.policyA[0]!.length, 0)),
        String(sources.reduce((sum, { inSample }) => sum + inSample.scores.rows, 0)),
        '',
        '',
        ...slos.map((_, at) => `${all(({ inSample }) => inSample, at)} / ${all(({ leftOut }) => leftOut, at)}`),
      ],
    ],
  };
}

const gapOf = (worths: readonly Worth['policyA'][number][]): string => {
  const played = worths.flat();
  return played.some(({ slack }) => slack < -tolerance) ? 'fails' : mean(played.map(({ gap }) => gap)).toFixed(4);
};
