import { RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** The key under which tenants' tokens are kept readable for an admin, and webhooks for who sends; looking a token up needs only its hash. */
export class Tokens extends Construct {
  private readonly key: Key;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: "Encrypts the tenants' tokens of Spot Optimizer",
      enableKeyRotation: true,
      // Without it no stored token can be read again.
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /** Lets a function encrypt and decrypt tokens, and tells it by which key. */
  grant(fn: LambdaFunction): void {
    this.key.grant(fn, 'kms:Encrypt', 'kms:Decrypt');
    fn.addEnvironment('TOKEN_KEY_ID', this.key.keyId);
  }

  /** Lets a function use the key for webhooks, and for no token. */
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
