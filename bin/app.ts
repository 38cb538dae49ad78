import { dirname, join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { SpotOptimizer } from '../lib/stack.ts';

const dist = join(dirname(import.meta.dirname), 'dist');

// No account and region: the template fits any, and is synthesised without asking AWS for anything.
new SpotOptimizer(new App(), 'SpotOptimizer', {
  description: 'Spot Optimizer: the control plane of EC2 Spot fleets',
  terminationProtection: true,
  // Source maps stay here: they are five times the size of the bundles, and would be fetched at every cold start.
  bundles: (name) => Code.fromAsset(join(dist, name), { exclude: ['*.map'] }),
});
