import { Aws, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Tokens } from './tokens.ts';

/**
 * Lets a function send notifications: decrypt where to, and publish on tenants' topics, by the name that they must have
 * (functions/webhook/requests.ts). Each topic's own policy decides as well, and none of our account is meant.
 */
export function grantSending(fn: LambdaFunction, tokens: Tokens): void {
  tokens.grantWebhooks(fn, 'kms:Decrypt');
  fn.addToRolePolicy(
    new PolicyStatement({
      actions: ['sns:Publish'],
      resources: [`arn:${Stack.of(fn).partition}:sns:*:*:SpotOptimizerNotifications*`],
      conditions: { StringNotEquals: { 'aws:ResourceAccount': Aws.ACCOUNT_ID } },
    }),
  );
}
