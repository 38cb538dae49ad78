import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  Architecture,
  type Code,
  type FunctionProps,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** Finds the code of a Lambda by the name of its folder under functions/. */
export type Bundles = (name: string) => Code;

export interface AppFunctionProps extends Partial<Omit<FunctionProps, 'code'>> {
  readonly bundles: Bundles;
}

/** A Lambda of ours: `functions/<id>/handler.ts` with our defaults, which the caller's props override. */
export class AppFunction extends LambdaFunction {
  constructor(scope: Construct, id: string, { bundles, environment, ...overrides }: AppFunctionProps) {
    super(scope, id, {
      code: bundles(id),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      // A third of a vCPU: cold starts and signing are CPU work, and at 256 MB both take twice as long.
      memorySize: 512,
      // As long as API Gateway waits for an answer.
      timeout: Duration.seconds(29),
      logGroup: new LogGroup(scope, `${id}Logs`, {
        retention: RetentionDays.ONE_MONTH,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      loggingFormat: LoggingFormat.JSON,
      // Without START, END and REPORT of every call, which at the agents' rates are most of the log and its price.
      systemLogLevelV2: SystemLogLevel.WARN,
      environment: { POWERTOOLS_SERVICE_NAME: id, POWERTOOLS_LOG_LEVEL: 'INFO', ...environment },
      ...overrides,
    });
  }
}
