import { CfnResource, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';

/**
 * Limits the log retention of the functions that CDK adds for deployments: by default, Lambda creates logs that are
 * kept forever. Call it when the stack is complete.
 */
export function boundProviderLogs(stack: Stack, retention: RetentionDays): void {
  for (const fn of stack.node.findAll()) {
    if (!CfnResource.isCfnResource(fn) || fn.cfnResourceType !== 'AWS::Lambda::Function') continue;
    if ((fn as Partial<CfnFunction>).loggingConfig) continue;
    const log = new LogGroup(fn, 'Logs', { retention, removalPolicy: RemovalPolicy.DESTROY });
    fn.addPropertyOverride('LoggingConfig', { LogGroup: log.logGroupName });
  }
}
