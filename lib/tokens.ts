import { RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/**
 * The key that encrypts tenants' tokens, so that an operator can read them, and webhooks, so that the sender can.
 * Looking up a token needs only its hash.
 */
export class Tokens extends Construct {
  private readonly key: Key;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: "Encrypts the tenants' tokens of Spot Optimizer",
      enableKeyRotation: true,
      // Without the key, no stored token could be decrypted again.
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /** Lets a function encrypt and decrypt tokens, and tells it the key. */
  grant(fn: LambdaFunction): void {
    this.key.grant(fn, 'kms:Encrypt', 'kms:Decrypt');
    fn.addEnvironment('TOKEN_KEY_ID', this.key.keyId);
  }

  /** Lets a function use the key for webhooks but not for tokens. */
  grantWebhooks(fn: LambdaFunction, ...actions: ('kms:Encrypt' | 'kms:Decrypt')[]): void {
    fn.addToRolePolicy(
      new PolicyStatement({
        actions,
        resources: [this.key.keyArn],
        conditions: { StringEquals: { 'kms:EncryptionContext:purpose': 'webhook' } },
      }),
    );
    fn.addEnvironment('TOKEN_KEY_ID', this.key.keyId);
  }
}
