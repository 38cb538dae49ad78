/**
 * `npm run lint-templates`: holds the templates of `npm run synth` to what others know of CloudFormation: cfn-lint, whether they can be
 * deployed, and checkov, whether that would be safe. Installs both with pip into `.local/lint-templates`; where that cannot be, it says
 * so and skips. `lib/findings.ts` says why what they find stays.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cfnLintFindings, checkovFindings } from '../lib/findings.ts';

const packages = ['cfn-lint==1.58.0', 'checkov==3.3.30'];
const directory = '.local/lint-templates';
const assembly = 'cdk.out';
const program = (name: string) => join(directory, 'bin', name);

/** @throws Error where they cannot be installed */
function install(): void {
  if (['cfn-lint', 'checkov'].every((name) => existsSync(program(name)))) return;
  console.error(`installing ${packages.join(' and ')} with pip into ${directory}`);
  const options = { stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'] };
  execFileSync('python3', ['-m', 'venv', directory], options);
  execFileSync(program('pip'), ['install', '--quiet', ...packages], options);
}

/** @returns whether it found nothing, or nothing new */
function passes(name: string, args: readonly string[]): boolean {
  const { status, error } = spawnSync(program(name), args, { stdio: 'inherit' });
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

function main(): void {
  const templates = templatesOf(assembly);
  try {
    install();
  } catch (error) {
    console.log(`lint-templates: SKIPPED, as python3 and pip cannot install it: ${(error as Error).message}`);
    return;
  }
  const ignored = (findings: Readonly<Record<string, string>>) => Object.keys(findings).join(',');
  const lint = passes('cfn-lint', ['--ignore-checks', ignored(cfnLintFindings), '--template', ...templates]);
  const safe = passes('checkov', [
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

main();
