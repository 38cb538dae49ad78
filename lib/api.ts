import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  type CfnStage,
  CorsHttpMethod,
  DomainName,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  type IAccessLogSettings,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { lambdas } from '../functions/lambdas.ts';
import { routes } from '../functions/routes.ts';
import { type Route, type Routes, routeKey } from '../functions/shared/route.ts';
import { AppFunction, type Bundles } from './app-function.ts';
import type { Config } from './config.ts';
import type { Database } from './database.ts';
import type { Models } from './models.ts';
import type { Tokens } from './tokens.ts';
import { grantSending } from './webhooks.ts';

export interface ApiProps {
  readonly bundles: Bundles;
  readonly config: Config;
  readonly database: Database;
  readonly tokens: Tokens;
  readonly models: Models;
  readonly adminTokenSha256: string;
}

/** One HTTP API with the routes of `functions/routes.ts`, and one Lambda for each of its domains. */
export class Api extends Construct {
  readonly url: string;
  readonly http: HttpApi;
  readonly authorizer: AppFunction;
  /** The logs of the Lambdas that serve the routes. */
  readonly logs: readonly ILogGroup[];

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    const { bundles, config, database, tokens, models, adminTokenSha256 } = props;
    const api = new HttpApi(this, 'Http', {
      apiName: 'spot-optimizer',
      createDefaultStage: false,
      corsPreflight: {
        // Safe for any origin: we use no cookies, so a page without a token gets nothing.
        allowOrigins: ['*'],
        allowMethods: [
          CorsHttpMethod.GET,
          CorsHttpMethod.POST,
          CorsHttpMethod.PUT,
          CorsHttpMethod.DELETE,
          CorsHttpMethod.OPTIONS,
        ],
        allowHeaders: ['content-type', 'authorization'],
        exposeHeaders: ['x-next-cursor'],
        maxAge: Duration.minutes(10),
      },
    });
    this.http = api;
    const domain = config.domain && this.named(config.domain);
    this.url = config.domain ? `https://${config.domain.name}` : api.apiEndpoint;
    const stage = this.serve(api, { hasLog: config.logs.access, domain });

    const authorize = new AppFunction(this, 'authorizer', {
      bundles,
      config,
      environment: { ADMIN_TOKEN_SHA256: adminTokenSha256 },
    });
    database.connect(authorize);
    this.authorizer = authorize;
    const authorizer = new HttpLambdaAuthorizer('Caller', authorize, {
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      identitySource: ['$request.header.Authorization'],
      resultsCacheTtl: Duration.seconds(lambdas.authorizer.cacheSeconds),
    });

    const logs: ILogGroup[] = [];
    for (const [domain, table] of Object.entries(routes) as [keyof typeof routes, Routes][]) {
      const fn = new AppFunction(this, domain, { bundles, config });
      if (domain !== 'docs') database.connect(fn); // docs only serves files
      logs.push(fn.logGroup);
      if (domain === 'admin') tokens.grant(fn);
      if (domain === 'webhook') {
        tokens.grantWebhooks(fn, 'kms:Encrypt');
        grantSending(fn, tokens); // for the test message
      }
      if (domain === 'model') models.serve(fn);
      if (domain === 'decision') models.use(fn);
      // One permission for the whole API: one for each route would exceed Lambda's 20 KB policy limit.
      const integration = new HttpLambdaIntegration(domain, fn, { scopePermissionToRoute: false });
      for (const route of Object.values<Route>(table)) {
        const isDefault = route.path === '$default';
        const served = new HttpRoute(this, routeKey(route), {
          httpApi: api,
          routeKey: isDefault ? HttpRouteKey.DEFAULT : HttpRouteKey.with(route.path, HttpMethod[route.method]),
          authorizer: route.access === 'open' ? undefined : authorizer,
          // That permission covers `<stage>/<method>/<path>`, but the default route calls as `<stage>/$default`.
          integration: isDefault ? new HttpLambdaIntegration('default', fn) : integration,
        });
        if (route.access === 'open') limitStrangers(stage, served, route);
      }
    }
    this.logs = logs;
  }

  private named({ name, certificateArn }: NonNullable<Config['domain']>): DomainName {
    const certificate = Certificate.fromCertificateArn(this, 'Certificate', certificateArn);
    return new DomainName(this, 'Domain', { domainName: name, certificate });
  }

  /** Agents drop any path prefix, so the stage must be at the root of the host (protocol 1.1). */
  private serve(api: HttpApi, { hasLog, domain }: { hasLog: boolean; domain: DomainName | undefined }): HttpStage {
    return new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      domainMapping: domain && { domainName: domain },
      // Half of the account's limit in a region, so that other APIs keep working if our fleet runs wild.
      throttle: { rateLimit: 5000, burstLimit: 2500 },
      accessLogSettings: hasLog ? this.accessLog() : undefined,
    });
  }

  /** Logs what our own logs cannot: requests that were denied, throttled or failed before a handler ran. */
  private accessLog(): IAccessLogSettings {
    const log = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    return {
      destination: new LogGroupLogDestination(log),
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
    };
  }
}

/** Requests per second, and the burst, for a route that anybody may call. */
const forStrangers = { rate: 50, burst: 100 };
/** Higher, because all agents of a large fleet register after an outage. */
const forRegistrations = { rate: 500, burst: 1000 };

/**
 * Throttles a route that anybody may call by itself, so that somebody who floods it cannot use up the stage's rate or
 * the account's Lambda concurrency, which the agents need.
 */
function limitStrangers(stage: HttpStage, served: HttpRoute, route: Route): void {
  const { rate, burst } = route.id === 'A1' ? forRegistrations : forStrangers;
  const resource = stage.node.defaultChild as CfnStage;
  const limits = { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst };
  resource.routeSettings = { ...(resource.routeSettings as object), [routeKey(route)]: limits };
  stage.node.addDependency(served); // API Gateway rejects settings for a route that does not exist yet
}
