import { RemovalPolicy } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** The key under which tenants' tokens are kept readable for an admin; looking one up needs only its hash. */
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
}
