/**
 * `npm run lint-templates`: checks the templates of `npm run synth` with cfn-lint (can they be deployed?) and checkov
 * (are they secure?). Installs both with pip into `.local/lint-templates`; if that fails, it says so and skips.
 * `lib/findings.ts` justifies each finding that is accepted.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cfnLintFindings, checkovFindings } from '../lib/findings.ts';
import { pythonPrograms } from './python-programs.ts';

const packages = ['cfn-lint==1.58.0', 'checkov==3.3.30'];
const directory = '.local/lint-templates';
const assembly = 'cdk.out';

/** @returns whether the program found nothing beyond the accepted findings */
function passes(program: string, args: readonly string[]): boolean {
  const name = basename(program);
  const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
  if (error) throw error;
  console.log(`${name}: ${status === 0 ? 'nothing found' : `ended with ${status}`}`);
  return status === 0;
}

function templatesOf(folder: string): string[] {
  if (!existsSync(folder)) throw new Error(`there is no ${folder}: run \`npm run synth\` before`);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.template.json'))
    .map((name) => join(folder, name));
}

async function main(): Promise<void> {
  const templates = templatesOf(assembly);
  let program: (name: string) => string;
  try {
    program = await pythonPrograms({ directory, packages, programs: ['cfn-lint', 'checkov'], say: console.error });
  } catch (error) {
    console.log(`lint-templates: SKIPPED, as python3 and pip cannot install it: ${(error as Error).message}`);
    return;
  }
  const ignored = (findings: Readonly<Record<string, string>>) => Object.keys(findings).join(',');
  const lint = passes(program('cfn-lint'), ['--ignore-checks', ignored(cfnLintFindings), '--template', ...templates]);
  const safe = passes(program('checkov'), [
    ...templates.flatMap((template) => ['--file', template]),
    ...[
      '--framework',
      'cloudformation',
      '--compact',
      '--quiet',
      '--skip-download',
      '--skip-check',
      ignored(checkovFindings),
    ],
  ]);
  if (!lint || !safe) process.exitCode = 1;
}

await main();
