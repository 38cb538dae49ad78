import { Aws, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Tokens } from './tokens.ts';

/**
 * Lets a function send notifications: it may decrypt the webhooks, and publish to tenants' topics by their required
 * name (functions/webhook/requests.ts). Each topic's own policy decides too. Topics in our own account are excluded.
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
