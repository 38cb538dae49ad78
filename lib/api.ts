import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CorsHttpMethod,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { lambdas } from '../functions/lambdas.ts';
import { routes } from '../functions/routes.ts';
import { type Route, type Routes, routeKey } from '../functions/shared/route.ts';
import { AppFunction, type Bundles } from './app-function.ts';
import type { Database } from './database.ts';
import type { Tokens } from './tokens.ts';

export interface ApiProps {
  readonly bundles: Bundles;
  readonly database: Database;
  readonly tokens: Tokens;
  readonly adminTokenSha256: string;
}

/** One HTTP API with the routes of `functions/routes.ts`, and one Lambda for each domain in it. */
export class Api extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, { bundles, database, tokens, adminTokenSha256 }: ApiProps) {
    super(scope, id);
    const api = new HttpApi(this, 'Http', {
      apiName: 'spot-optimizer',
      createDefaultStage: false,
      corsPreflight: {
        // No cookies: who has no token gets nothing, wherever the page comes from.
        allowOrigins: ['*'],
        allowMethods: [
          CorsHttpMethod.GET,
          CorsHttpMethod.POST,
          CorsHttpMethod.PUT,
          CorsHttpMethod.DELETE,
          CorsHttpMethod.OPTIONS,
        ],
        allowHeaders: ['content-type', 'authorization'],
        maxAge: Duration.minutes(10),
      },
    });
    this.url = api.apiEndpoint;
    this.serve(api);

    const authorize = new AppFunction(this, 'authorizer', {
      bundles,
      environment: { ADMIN_TOKEN_SHA256: adminTokenSha256 },
    });
    database.connect(authorize);
    const authorizer = new HttpLambdaAuthorizer('Caller', authorize, {
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      identitySource: ['$request.header.Authorization'],
      resultsCacheTtl: Duration.seconds(lambdas.authorizer.cacheSeconds),
    });

    for (const [domain, table] of Object.entries(routes) as [keyof typeof routes, Routes][]) {
      const fn = new AppFunction(this, domain, { bundles });
      database.connect(fn);
      if (domain === 'admin') tokens.grant(fn);
      // One permission for the whole API: one for each route outgrows Lambda's 20 KB policy.
      const integration = new HttpLambdaIntegration(domain, fn, { scopePermissionToRoute: false });
      for (const route of Object.values<Route>(table)) {
        const isDefault = route.path === '$default';
        new HttpRoute(this, routeKey(route), {
          httpApi: api,
          routeKey: isDefault ? HttpRouteKey.DEFAULT : HttpRouteKey.with(route.path, HttpMethod[route.method]),
          authorizer: route.access === 'open' ? undefined : authorizer,
          // That permission is for `<stage>/<method>/<path>`; the default route calls as `<stage>/$default`.
          integration: isDefault ? new HttpLambdaIntegration('default', fn) : integration,
        });
      }
    }
  }

  /** Agents drop any path prefix, so the stage is the one at the root of the host (protocol 1.1). */
  private serve(api: HttpApi): void {
    const log = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      // Half of what an account may use in a region: other APIs live on while a fleet of ours runs wild.
      throttle: { rateLimit: 5000, burstLimit: 2500 },
      accessLogSettings: {
        destination: new LogGroupLogDestination(log),
        // What our own logs cannot say: who was refused, throttled or lost before a handler ran.
        format: AccessLogFormat.custom(
          JSON.stringify({
            time: '$context.requestTime',
            requestId: '$context.requestId',
            ip: '$context.identity.sourceIp',
            route: '$context.routeKey',
            status: '$context.status',
            ms: '$context.responseLatency',
            error: '$context.error.message',
            authorizerError: '$context.authorizer.error',
            integrationError: '$context.integrationErrorMessage',
          }),
        ),
      },
    });
  }
}
