import { dirname, join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { development, production } from '../lib/config.ts';
import { acknowledgeFindings } from '../lib/findings.ts';
import { SpotOptimizer } from '../lib/stack.ts';
import { TenantStack } from '../lib/tenant/tenant-stack.ts';

const dist = join(dirname(import.meta.dirname), 'dist');

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
// No account or region is set: the template fits any, and synthesis makes no AWS calls.
for (const [id, config] of Object.entries({ SpotOptimizer: production, SpotOptimizerDev: development }))
  new SpotOptimizer(app, id, {
    config,
    description: 'Spot Optimizer: the control plane of EC2 Spot fleets',
    terminationProtection: config.database.isProtected,
    // Without source maps: they are five times the size of the bundles, and would be fetched at every cold start.
    bundles: (name) => Code.fromAsset(join(dist, name), { exclude: ['*.map'] }),
  });
new TenantStack(app, 'SpotOptimizerTenant');
acknowledgeFindings(app);
