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
  /** Must be deployed before the protection is set. */
  readonly after: readonly Construct[];
}

/**
 * Protects the database from deletion once everything else is deployed. As a property of the cluster it would apply
 * from the start, and a failed first deployment could not roll back. Deleting the stack lifts the protection; the stack
 * itself is protected, and keeps a snapshot.
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
      onUpdate: set(true), // also runs on creation
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
