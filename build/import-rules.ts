/** One line of "what depends on what". Paths and targets are relative to the repository; a package is its name. */
export interface Rule {
  readonly because: string;
  readonly files: RegExp;
  /** What these files may not import (which may depend on the file), or with `only`, all they may. */
  readonly never?: RegExp | ((file: RegExpExecArray) => RegExp);
  readonly only?: RegExp;
  /** Whether `import type` is free, as it leaves nothing behind at run time. */
  readonly typesAreFree?: true;
}

/** Tables of contents, and the schemas that route tables are made of: zod and nothing that runs. */
const contract =
  /^zod$|^functions\/(shared\/(route|fields|errors)|core\/(wire|tenant\/role-arn)|routes|jobs|lambdas)\.ts$|^functions\/[\w-]+\/(routes|requests|answers)\.ts$/;

/** What the decision engine is: the policy and, one day, its model. Gates and inputs are rules over rows. */
const engine = /^functions\/decision\/|^functions\/core\/decision\/(?!gates|inputs|decision-input|priced-pools)|^onnx/;

export const rules: readonly Rule[] = [
  {
    because: 'route tables and schemas are loaded by the deployment and the OpenAPI document, where nothing runs',
    files:
      /^functions\/([\w-]+\/)?(routes|requests|answers)\.ts$|^functions\/(jobs|lambdas|core\/wire|spot-events\/ec2-events)\.ts$/,
    only: contract,
  },
  {
    because: 'the deployment and what stands in for AWS read these facts; they must bring nothing along that runs',
    files: /^functions\/lambdas\.ts$|^functions\/spot-events\/ec2-events\.ts$/,
    never: /./,
    typesAreFree: true,
  },
  {
    because: 'what runs in Lambda knows nothing of what deploys, tests or imitates it',
    files: /^functions\//,
    never: /^(bin|lib|local|test|build|bench)\//,
  },
  {
    because:
      'Lambdas hand over through rows: a Lambda folder imports no other one, and shares rules through functions/core',
    files: /^functions\/(?!core\/|shared\/)([\w-]+)\//,
    never: ([, own]) => new RegExp(`^functions/(?!core/|shared/|${own}/)[\\w-]+/`),
  },
  {
    because: 'core holds rules, and the Lambdas bind them to their wires',
    files: /^functions\/core\//,
    never: /^functions\/(?!core\/|shared\/)|^functions\/shared\/(http|job|request)\.ts$|^@middy\//,
  },
  {
    because: 'shared code knows nothing of our field, and so serves every room',
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
    because: 'agents’ calls and interruptions are answered with the decision engine and its model gone',
    files: /^functions\/(agent|replica|spot-events|reconciler|authorizer|core\/(?!decision\/))/,
    never: engine,
  },
  {
    because: 'only a handler knows that it is called by HTTP, a schedule or a queue',
    files: /^functions\/(?!shared\/)[\w-]+\/(?!handler\.ts$)/,
    never: /^@middy\/|^functions\/shared\/(http|job)\.ts$|\/handler\.ts$/,
  },
  {
    because: 'the deployment names handlers by path only, so that synthesis loads no code that runs',
    files: /^(lib|bin)\//,
    never:
      /^(local|test|build|bench)\/|^functions\/(?!(routes|jobs|lambdas|spot-events\/ec2-events)\.ts|shared\/(route|errors|fields)\.ts)/,
  },
  {
    because: 'what stands in for AWS knows the functions only as AWS does: their tables of contents and their bundles',
    files: /^local\//,
    never:
      /^(bin|lib|test)\/|^functions\/(?!(routes|jobs|lambdas|spot-events\/ec2-events)\.ts|shared\/(route|errors)\.ts)/,
    typesAreFree: true,
  },
];
