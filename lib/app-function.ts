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
import { type LambdaName, lambdas } from '../functions/lambdas.ts';

/** Finds the code of a Lambda by the name of its folder under functions/. */
export type Bundles = (name: string) => Code;

export interface AppFunctionProps extends Partial<Omit<FunctionProps, 'code'>> {
  readonly bundles: Bundles;
}

/** A Lambda of ours: `functions/<id>/handler.ts` with its row of `functions/lambdas.ts`; the caller's props override. */
export class AppFunction extends LambdaFunction {
  constructor(scope: Construct, id: LambdaName, { bundles, environment, ...overrides }: AppFunctionProps) {
    super(scope, id, {
      code: bundles(id),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: lambdas[id].memoryMB,
      timeout: Duration.seconds(lambdas[id].timeoutSeconds),
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
