import { RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import type { Config } from './config.ts';
import type { Database } from './database.ts';

export interface DeletionProtectionProps {
  readonly config: Config;
  readonly database: Database;
  /** What has to be there before. */
  readonly after: readonly Construct[];
}

/**
 * Refuses the database's deletion from the moment that the rest is there. As a property of the cluster it would be there from the
 * first second, and a first deployment that fails could not remove what it had made. A stack that is deleted lifts it; the stack
 * is protected itself, and keeps a snapshot.
 */
export class DeletionProtection extends Construct {
  constructor(scope: Construct, id: string, { config, database: { cluster }, after }: DeletionProtectionProps) {
    super(scope, id);
    const set = (isProtected: boolean) => ({
      service: 'rds',
      action: 'ModifyDBCluster',
      parameters: { DBClusterIdentifier: cluster.clusterIdentifier, DeletionProtection: isProtected },
      physicalResourceId: PhysicalResourceId.of('deletion-protection'),
    });
    const protection = new AwsCustomResource(this, 'Setting', {
      onUpdate: set(true), // and on creation
      onDelete: set(false),
      policy: AwsCustomResourcePolicy.fromStatements([
        new PolicyStatement({ actions: ['rds:ModifyDBCluster'], resources: [cluster.clusterArn] }),
      ]),
      installLatestAwsSdk: false,
      memorySize: 256,
      logGroup: new LogGroup(this, 'Logs', { retention: config.logs.retention, removalPolicy: RemovalPolicy.DESTROY }),
    });
    protection.node.addDependency(...after);
  }
}
