import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import cdk from '../../../cdk.json' with { type: 'json' };
import { type Config, production } from '../../../lib/config.ts';
import { SpotOptimizer } from '../../../lib/stack.ts';

// The template is under test, not the code in it, so no bundles are needed. A layer must be a folder, but any will do.
const bundles = (name: string) =>
  name === 'onnx-layer' ? Code.fromAsset('layers/model') : Code.fromInline('exports.handler = () => {}');

export const stackOf = (config: Config) =>
  new SpotOptimizer(new App({ context: cdk.context }), 'Test', { bundles, config });

export const stack = stackOf(production);
export const template = Template.fromStack(stack);

/** A resource of the template. Its properties are CloudFormation's; CDK has no types for them that allow references. */
export interface Resource {
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly Properties: any;
  readonly DependsOn?: readonly string[];
}

/** The resources of a type, by their logical ids. */
export const resourcesOf = (type: string) => Object.entries(template.findResources(type)) as [string, Resource][];
