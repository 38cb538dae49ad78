import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import cdk from '../cdk.json' with { type: 'json' };
import { type Config, development, production } from '../lib/config.ts';
import { SpotOptimizer } from '../lib/stack.ts';
import { type Deployment, deploymentOf, type Template } from './deployment.ts';

/** Reads a configuration's deployment from its synthesised template, with placeholder code, which costs nothing. */
export function synthesise(config: Config): Deployment {
  const app = new App({ context: { ...cdk.context, 'aws:cdk:disable-asset-staging': true } });
  const bundles = (name: string) =>
    name === 'onnx-layer' ? Code.fromAsset('layers/model') : Code.fromInline('exports.handler = () => {}');
  const stack = new SpotOptimizer(app, 'Priced', { config, bundles });
  return deploymentOf(app.synth().getStackByName(stack.stackName).template as Template);
}

/** Both stacks of `bin/app.ts`. */
export const deployments = () => ({ production: synthesise(production), development: synthesise(development) });
