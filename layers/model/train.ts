/** `npm run train`: fits the model of pool losses on recorded markets. See `npm run train -- --help`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../../evaluation/data/data-error.ts';
import { groupFiles, isLongEnough, readGroup } from '../../evaluation/data/data-set.ts';
import { render } from '../../evaluation/report/text-table.ts';
import type { PoolGroup } from '../../functions/core/backtest/simulator/pool-group.ts';
import { commandHelp, failCommand, flag, option, readCommandLine, text } from '../../local/command-line.ts';
import { leaveOneOut } from './leave-one-out.ts';
import { leftOutTable } from './left-out-table.ts';
import { ModelFile, makeModel } from './model-file.ts';
import type { ModelScores } from './model-scores.ts';
import { knownAfter, scoresOf, type TrainedModel } from './train-models.ts';
import { trainingRows } from './training-rows.ts';

const options = {
  data: option('data DIR', text, 'the recorded markets, of which availability/ is read', '../shared/data'),
  score: option('score DIR', text, 'train nothing; score the model as it is on the recorded markets of this folder'),
  'leave-out': flag(
    'leave-out',
    'train nothing; of each source of the records, show what models of all the others are worth on it, to losses and to policy A',
  ),
  check: flag('check', 'write nothing; fail where the files are not what the data make'),
  help: flag('help', 'show this text'),
};

const help = commandHelp(
  'npm run train -- [options]',
  'Fits the model of losses of pools, writes layers/model/model.onnx and model.json, and prints its scores on later times.',
  { Options: options },
);

function main(args: readonly string[]): void {
  if (args.includes('--help')) console.log(help);
  else {
    const { values } = readCommandLine(options, args);
    if (values['leave-out']) console.log(render(leftOutTable(leaveOneOut(groupsOf(values.data).filter(isLongEnough)))));
    else if (values.score === undefined) train(values);
    else printScores(`The model on ${values.score}`, scoresOn(groupsOf(values.score)));
  }
}

function train({ data, check }: { readonly data: string; readonly check: boolean | undefined }): void {
  const { onnx, file } = makeModel(groupsOf(data));
  const json = `${JSON.stringify(file, null, 2)}\n`;
  printScores(`Models of the first ${100 * file.trainedShare} % of each record, on the rest`, file.models);
  if (!check) {
    writeFileSync(path('model.onnx'), onnx);
    writeFileSync(path('model.json'), json);
  } else if (!readFileSync(path('model.onnx')).equals(onnx) || readFileSync(path('model.json'), 'utf8') !== json)
    throw new DataError('layers/model is not what these data make; npm run train writes it anew');
}

const path = (name: string) => join(import.meta.dirname, name);
const groupsOf = (data: string) => groupFiles(data, 'availability').map(readGroup);

function scoresOn(groups: readonly PoolGroup[]) {
  const rows = groups.flatMap(trainingRows);
  const { models } = ModelFile.parse(JSON.parse(readFileSync(path('model.json'), 'utf8')));
  return models.map((model) => ({
    hours: model.hours,
    ...scoresOf(model, knownAfter(rows, model.hours), model.hours),
  }));
}

type Scored = Pick<TrainedModel, 'hours' | 'laterScores' | 'recalibratedScores'>;

function printScores(title: string, all: readonly Scored[]): void {
  const row = (name: string, { rows, baseRate, auc, brier, ece }: ModelScores) => [
    name,
    String(rows),
    ...[baseRate, auc, brier, ece].map((value) => value.toFixed(4)),
  ];
  const rows = all.flatMap(({ hours, laterScores, recalibratedScores }) => [
    row(`${hours} h`, laterScores),
    row('recalibrated online', recalibratedScores),
  ]);
  console.log(render({ title, head: ['lost within', 'rows', 'base rate', 'AUC', 'Brier', 'ECE'], rows }));
}

try {
  main(process.argv.slice(2));
} catch (error) {
  failCommand('npm run train', error, { mistakes: [DataError] });
}
