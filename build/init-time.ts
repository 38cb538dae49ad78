import { execFileSync } from 'node:child_process';

const runs = 9;

/** The variables that `lib/` sets for the functions. Loading a bundle calls nothing, so any value will do. */
const environment = {
  AWS_REGION: 'us-east-1',
  DATABASE_ARN: 'arn:aws:rds:us-east-1:000000000000:cluster:none',
  DATABASE_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:none',
  DATABASE_NAME: 'none',
  TOKEN_KEY_ID: 'none',
  ADMIN_TOKEN_SHA256: '0'.repeat(64),
  POWERTOOLS_SERVICE_NAME: 'none',
};

const timeOf = (code: string) => `
  ${code};
  const { user, system } = process.cpuUsage();
  process.stdout.write(String((user + system) / 1000));
  process.exit();`;

/**
 * How long a function takes to start.
 * @param code JavaScript that loads it
 * @returns ms of CPU time, including Node's own start: the lower quartile of nine runs, as other load only adds time
 */
function cpuTime(code: string): number {
  const times = Array.from({ length: runs }, () =>
    Number(execFileSync(process.execPath, ['-e', timeOf(code)], { env: environment, encoding: 'utf8' })),
  );
  return times.toSorted((a, b) => a - b)[Math.floor(runs / 4)]!;
}

/** A function that does nothing, and one that only loads the Node module that every AWS call needs. */
const yardsticks = {
  'hello, world': '(() => async () => ({ statusCode: 200 }))()',
  'node:https alone': "require('node:https')",
};

interface InitTime {
  readonly 'init CPU ms': number;
  /** As a multiple of a function that does nothing. */
  readonly 'times hello': number;
}

/**
 * What each bundle adds to a cold start, with two yardsticks to compare.
 * @param files absolute paths of CommonJS bundles, by name
 */
export function initTimes(files: Readonly<Record<string, string>>): Record<string, InitTime> {
  const bundles = Object.entries(files).map(([name, file]) => [name, `require(${JSON.stringify(file)})`]);
  const codes: Record<string, string> = { ...yardsticks, ...Object.fromEntries(bundles) };
  const times = Object.entries(codes).map(([name, code]) => [name, cpuTime(code)] as const);
  const hello = times[0]![1];
  return Object.fromEntries(
    times.map(([name, ms]) => [
      name,
      { 'init CPU ms': Math.round(ms), 'times hello': Number((ms / hello).toFixed(2)) },
    ]),
  );
}
