import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Architecture, type Function as LambdaFunction, LayerVersion } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption, HttpMethods } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Bundles } from './app-function.ts';

export interface ModelsProps {
  readonly bundles: Bundles;
}

/** Models: that of the layer, with the runtime, and those that operators upload. */
export class Models extends Construct {
  private readonly bucket: Bucket;
  private readonly layer: LayerVersion;

  constructor(scope: Construct, id: string, { bundles }: ModelsProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      // A console PUTs large files by a signed URL, from whatever page it is.
      cors: [{ allowedMethods: [HttpMethods.PUT], allowedOrigins: ['*'], allowedHeaders: ['*'], maxAge: 600 }],
      // What is live cannot be made again from the database.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.layer = new LayerVersion(this, 'Layer', {
      code: bundles('onnx-layer'),
      compatibleArchitectures: [Architecture.ARM_64],
      description: 'The risk model, and onnxruntime-node for Linux on ARM',
    });
  }

  /** Lets a function keep, read and delete models, tells it where, and gives it the runtime. */
  serve(fn: LambdaFunction): void {
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        resources: [this.bucket.arnForObjects('sessions/*'), this.bucket.arnForObjects('activated/*')],
      }),
    );
    // Without it S3 says "forbidden" of a file that is not there.
    fn.addToRolePolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] }));
    this.provide(fn);
  }

  /** Lets a function decide by a model: that of the layer, or the file of one that was activated, which it may read alone. */
  use(fn: LambdaFunction): void {
    fn.addToRolePolicy(
      new PolicyStatement({ actions: ['s3:GetObject'], resources: [this.bucket.arnForObjects('activated/*')] }),
    );
    this.provide(fn);
  }

  private provide(fn: LambdaFunction): void {
    fn.addEnvironment('MODEL_BUCKET', this.bucket.bucketName);
    fn.addLayers(this.layer);
  }
}
