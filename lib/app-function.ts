import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type Code,
  type FunctionProps,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type LambdaName, lambdas } from '../functions/lambdas.ts';
import type { Config } from './config.ts';

/** Finds the code of a Lambda by the name of its folder under functions/. */
export type Bundles = (name: string) => Code;

export interface AppFunctionProps extends Partial<Omit<FunctionProps, 'code'>> {
  readonly bundles: Bundles;
  readonly config: Config;
}

/** One of our Lambdas: `functions/<id>/handler.ts`, sized by `functions/lambdas.ts`. The caller's props override. */
export class AppFunction extends LambdaFunction {
  constructor(scope: Construct, id: LambdaName, { bundles, config, environment, ...overrides }: AppFunctionProps) {
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: config.logs.retention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // AWS's managed policy for Lambdas is not used: it lets a function write to every log of the account.
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    super(scope, id, {
      code: bundles(id),
      role,
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: lambdas[id].memoryMB,
      timeout: Duration.seconds(lambdas[id].timeoutSeconds),
      reservedConcurrentExecutions: config.reservedConcurrency[id],
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      // Leaves out START, END and REPORT: at the agents' request rates they would be most of the log and its cost.
      systemLogLevelV2: SystemLogLevel.WARN,
      environment: {
        POWERTOOLS_SERVICE_NAME: id,
        POWERTOOLS_LOG_LEVEL: 'INFO',
        LOG_SUCCESS_SHARE: String(config.logs.successShare),
        POWERTOOLS_METRICS_NAMESPACE: Stack.of(scope).stackName,
        POWERTOOLS_METRICS_DISABLED: String(!config.isMeasured),
        ...environment,
      },
      ...overrides,
    });
  }
}
