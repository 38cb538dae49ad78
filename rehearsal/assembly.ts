import { appendFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import cdk from '../cdk.json' with { type: 'json' };
import { production } from '../lib/config.ts';
import { SpotOptimizer } from '../lib/stack.ts';

export const stackName = 'SpotOptimizer';

const dist = join(import.meta.dirname, '../dist');

/**
 * What the emulator does not support, and how the template is patched for it. Everything else is deployed unchanged.
 */
export const gaps: readonly { readonly what: string; readonly patch?: (template: Template) => Template }[] = [
  {
    what: 'AWS::Events::EventBusPolicy is unknown: left out, so who may put events on the bus is not tried',
    patch: (template) => {
      for (const [id, { Type }] of Object.entries(template.Resources))
        if (Type === 'AWS::Events::EventBusPolicy') delete template.Resources[id];
      return template;
    },
  },
  {
    what: 'the cluster has no MasterUserSecret.SecretArn: a name takes its place, so reading the secret is not tried',
    patch: (template) =>
      JSON.parse(
        JSON.stringify(template).replaceAll(
          /\{"Fn::GetAtt":\["\w+","MasterUserSecret\.SecretArn"\]\}/g,
          '"arn:aws:secretsmanager:us-east-1:000000000000:secret:master"',
        ),
      ),
  },
  {
    what: 'AWS::SecretsManager::RotationSchedule is unknown: left out, so the password of the functions’ user is not rotated; and generated secrets have punctuation, each character of which has to be excluded',
    patch: (template) => {
      for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
        if (Type === 'AWS::SecretsManager::RotationSchedule') delete template.Resources[id];
        const generated = Properties.GenerateSecretString;
        if (generated) generated.ExcludeCharacters = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
      }
      return template;
    },
  },
  {
    what: 'the Scheduler hands <aws.scheduler.scheduled-time> over as it is: jobs are given the time of the synthesis',
    patch: (template) =>
      JSON.parse(JSON.stringify(template).replaceAll('<aws.scheduler.scheduled-time>', new Date().toISOString())),
  },
  {
    what: 'nobody but AWS may send events of aws.ec2, here too: the rules listen to rehearsal.ec2, and name EC2 in what they hand on',
    patch: (template) => {
      for (const { Type, Properties } of Object.values(template.Resources))
        if (Type === 'AWS::Events::Rule') {
          Properties.EventPattern.source = ['rehearsal.ec2'];
          for (const target of Properties.Targets) target.InputTransformer = asOfEc2;
        }
      return template;
    },
  },
  {
    what: 'alarms on sums of metrics are unknown: FailedRequests is left out',
    patch: (template) => {
      for (const [id, { Type, Properties }] of Object.entries(template.Resources))
        if (Type === 'AWS::CloudWatch::Alarm' && Properties.Metrics) delete template.Resources[id];
      return template;
    },
  },
  { what: 'authorizers are not told the time of the request: that a wrong token is refused and recorded is not tried' },
  { what: '/health and CORS preflights are answered by the emulator itself' },
  { what: 'Lambdas run on this machine’s processor, not on arm64, and IAM is not enforced' },
];

interface Template {
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's properties, of any resource.
  Resources: Record<string, { Type: string; Properties: any }>;
}

const handedOn = ['version', 'id', 'detail-type', 'account', 'time', 'region', 'resources', 'detail'];
/** The original event, except for its source. */
const asOfEc2 = {
  InputPathsMap: Object.fromEntries(handedOn.map((name) => [name.replace('-', ''), `$.${name}`])),
  InputTemplate: `{"source":"aws.ec2",${handedOn.map((name) => `"${name}":<${name.replace('-', '')}>`).join(',')}}`,
};

/** What is deployed: the code as it is, plus the rehearsal's own migrations, by file name. */
export interface Version {
  readonly name: string;
  readonly migrations: Readonly<Record<string, string>>;
}

/** An assembly for `cdk deploy --app`. */
export interface Assembly {
  readonly outdir: string;
  readonly resources: number;
}

/**
 * Synthesises the production stack from the built bundles, with the gaps patched. Call it once per version: CDK does
 * not stage the same code into the same folder twice.
 */
export async function assemble(directory: string, { name, migrations }: Version): Promise<Assembly> {
  const outdir = join(directory, name);
  const migrate = join(directory, `${name}-migrate`);
  await rm(outdir, { recursive: true, force: true });
  await rm(migrate, { recursive: true, force: true });
  await cp(join(dist, 'migrate'), migrate, { recursive: true });
  for (const [file, sql] of Object.entries(migrations)) await writeFile(join(migrate, 'sql', file), sql);
  // A deployment runs the migrations only if the code of `migrate` has changed.
  await appendFile(join(migrate, 'index.js'), `\n// ${name}\n`);
  await mkdir(outdir, { recursive: true });
  const app = new App({ outdir, context: cdk.context });
  new SpotOptimizer(app, stackName, {
    config: production,
    bundles: (fn) => Code.fromAsset(fn === 'migrate' ? migrate : join(dist, fn), { exclude: ['*.map'] }),
  });
  app.synth();
  const file = join(outdir, `${stackName}.template.json`);
  const template = gaps.reduce<Template>(
    (patched, { patch }) => patch?.(patched) ?? patched,
    JSON.parse(await readFile(file, 'utf8')),
  );
  await writeFile(file, JSON.stringify(template));
  return { outdir, resources: Object.keys(template.Resources).length };
}
