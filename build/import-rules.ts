/** One line of "what depends on what". Paths and targets are relative to the repository; a package is its name. */
export interface Rule {
  readonly because: string;
  readonly files: RegExp;
  /** What these files may not import, or with `only`, all they may. */
  readonly never?: RegExp;
  readonly only?: RegExp;
  /** Whether `import type` is free, as it leaves nothing behind at run time. */
  readonly typesAreFree?: true;
}

const contract =
  /^zod$|^functions\/shared\/(route|fields|errors)\.ts$|^functions\/core\/tenant\/role-arn\.ts$|^functions\/(\w+\/)?routes\.ts$/;

export const rules: readonly Rule[] = [
  {
    because: 'the route tables are loaded by the deployment and the OpenAPI document, where nothing runs',
    files: /^functions\/(\w+\/)?routes\.ts$|^functions\/jobs\.ts$/,
    only: contract,
  },
  {
    because: 'what runs in Lambda knows nothing of what deploys, tests or imitates it',
    files: /^functions\//,
    never: /^(bin|lib|local|test|build|bench)\//,
  },
  {
    because: 'shared code serves every domain and so depends on none',
    files: /^functions\/shared\//,
    never: /^functions\/(?!shared\/|jobs\.ts)/,
  },
  {
    because: 'a barrel makes every file of a folder depend on every other',
    files: /^functions\//,
    never: /(^|\/)index\.ts$/,
  },
  {
    because: 'the Data API has one client, functions/shared/db.ts, which retries and counts',
    files: /^functions\/(?!shared\/)|^lib\//,
    never: /^@aws-sdk\/client-rds-data$/,
  },
  {
    because: 'EC2’s client is twice as large as a whole handler, and one role alone may look into tenants’ accounts',
    files: /^functions\/(?!reconciler\/)|^lib\//,
    never: /^@aws-sdk\/client-(ec2|sts)$|^functions\/reconciler\/aws\.ts$/,
  },
  {
    because: 'a service states rules; what a request looks like is its handler’s business',
    files: /^functions\/.*\bservice\.ts$/,
    never: /^@middy\/|^functions\/shared\/(http|job)\.ts$|\/handler\.ts$/,
    typesAreFree: true,
  },
  {
    because: 'an interruption is answered with the decision engine and its model gone',
    files: /^functions\/(spot-events|replica|core\/(agent|command|failover|termination|pool|event|tenant))\//,
    never: /^functions\/(core\/)?decision\/|^onnx/,
  },
  {
    because: 'the deployment names handlers by path only, so that synthesis loads no code that runs',
    files: /^(lib|bin)\//,
    never: /^(local|test|build|bench)\/|^functions\/(?!(routes|jobs|lambdas)\.ts|shared\/(route|errors|fields)\.ts)/,
  },
  {
    because: 'what stands in for AWS knows the functions only as AWS does: their tables of contents and their bundles',
    files: /^local\//,
    never: /^(bin|lib|test)\/|^functions\/(?!(routes|jobs|lambdas)\.ts|shared\/(route|errors)\.ts)/,
    typesAreFree: true,
  },
];
