import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Architecture, type Function as LambdaFunction, LayerVersion } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption, HttpMethods } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Bundles } from './app-function.ts';

export interface ModelsProps {
  readonly bundles: Bundles;
}

/** The models: the one in the Lambda layer, with its runtime, and those that operators upload. */
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
      // Consoles PUT large files to signed URLs, from pages of any origin.
      cors: [{ allowedMethods: [HttpMethods.PUT], allowedOrigins: ['*'], allowedHeaders: ['*'], maxAge: 600 }],
      // A live model cannot be restored from the database.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.layer = new LayerVersion(this, 'Layer', {
      code: bundles('onnx-layer'),
      compatibleArchitectures: [Architecture.ARM_64],
      description: 'The risk model, and onnxruntime-node for Linux on ARM',
    });
  }

  /** Lets a function store, read and delete models, and gives it the bucket's name and the runtime. */
  serve(fn: LambdaFunction): void {
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        resources: [this.bucket.arnForObjects('sessions/*'), this.bucket.arnForObjects('activated/*')],
      }),
    );
    // Without this permission, S3 responds "forbidden" for a missing file.
    fn.addToRolePolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] }));
    this.provide(fn);
  }

  /** Lets a function decide with a model: the layer's, or an activated one, which is all it may read of the bucket. */
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
