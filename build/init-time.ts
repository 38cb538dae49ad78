import { execFileSync } from 'node:child_process';

const runs = 5;

/** The variables that `lib/` gives the functions; nothing is called while a bundle loads, so any value will do. */
const environment = {
  AWS_REGION: 'us-east-1',
  DATABASE_ARN: 'arn:aws:rds:us-east-1:000000000000:cluster:none',
  DATABASE_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:none',
  DATABASE_NAME: 'none',
  TOKEN_KEY_ID: 'none',
  ADMIN_TOKEN_SHA256: '0'.repeat(64),
  POWERTOOLS_SERVICE_NAME: 'none',
};

const timeRequire = `
  const start = performance.now();
  require(process.argv[1]);
  process.stdout.write(String(performance.now() - start));
  process.exit();`;

/**
 * The time that Node takes to load a bundle, which is what it adds to a cold start.
 * @param file absolute path of a CommonJS bundle
 * @returns ms, the median of five processes
 */
export function initTime(file: string): number {
  const times = Array.from({ length: runs }, () =>
    Number(execFileSync(process.execPath, ['-e', timeRequire, file], { env: environment, encoding: 'utf8' })),
  );
  return Math.round(times.toSorted((a, b) => a - b)[Math.floor(runs / 2)]!);
}
