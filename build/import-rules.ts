/** A rule about what may depend on what. Paths and targets are relative to the repository; a package is its name. */
export interface Rule {
  readonly because: string;
  readonly files: RegExp;
  /** What these files may not import (it may depend on the file); with `only`, all that they may. */
  readonly never?: RegExp | ((file: RegExpExecArray) => RegExp);
  readonly only?: RegExp;
  /** Whether `import type` is exempt, as it leaves nothing behind at run time. */
  readonly typesAreFree?: true;
}

/** The tables of routes, jobs and Lambdas, and the schemas that route tables use: zod and no runtime code. */
const contract =
  /^zod$|^functions\/(shared\/(route|fields|errors|json-bounds|cursor)|core\/(wire|tenant\/role-arn|pool\/region|agent\/disruption-windows|backtest\/wire)|routes|jobs|lambdas)\.ts$|^functions\/[\w-]+\/(routes|requests|answers)(-\w+)?\.ts$/;

/** The decision engine: policies and the risk model. Gates, inputs and a pool's history are rules over rows. */
const engine =
  /^functions\/decision\/|^functions\/core\/risk\/|^functions\/core\/decision\/(?!gates|inputs|decision-input|priced-pools|policy-a\/(pool-history|input)\.ts)|^onnx/;

export const rules: readonly Rule[] = [
  {
    because: 'route tables and schemas are loaded by the deployment and the OpenAPI document, where nothing runs',
    files:
      /^functions\/([\w-]+\/)?(routes|requests|answers)(-\w+)?\.ts$|^functions\/(jobs|lambdas|metrics|core\/(wire|backtest\/wire)|spot-events\/ec2-events)\.ts$/,
    only: contract,
  },
  {
    because: 'the deployment and what stands in for AWS read these facts; they must bring nothing along that runs',
    files: /^functions\/(lambdas|metrics|spot-events\/ec2-events|shared\/alarm-lines)\.ts$/,
    never: /./,
    typesAreFree: true,
  },
  {
    because: 'what runs in Lambda knows nothing of what deploys, tests or imitates it',
    files: /^functions\//,
    never: /^(bin|lib|local|evaluation|layers|test|build|bench|rehearsal|cost)\//,
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
    never: /^functions\/(?!shared\/|(jobs|metrics)\.ts)/,
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
    because: 'S3’s client is as large as a whole handler, and what is uploaded is nobody else’s',
    files: /^functions\/(?!model\/)|^lib\//,
    never: /^@aws-sdk\/(client-s3|s3-request-presigner)$|^busboy$/,
  },
  {
    because: 'the ONNX runtime is a layer of the Lambdas that decide and of the one that tries models',
    files: /^functions\/(?!core\/decision\/model\/)|^lib\//,
    never: /^onnxruntime-node$/,
  },
  {
    because: 'what calls addresses that tenants name is loaded by those that may call them alone, with SNS’s client',
    files: /^functions\/(?!core\/webhook\/|webhook\/|delivery\/|jobs\/delete-old-rows\.ts$)|^lib\//,
    never: /^@aws-sdk\/client-sns$|^ipaddr\.js$|^functions\/core\/webhook\//,
  },
  {
    because: 'agents’ calls and interruptions are answered with the decision engine and its model gone',
    files: /^functions\/(agent|replica|spot-events|reconciler|authorizer|core\/(?!decision\/|backtest\/|risk\/))/,
    never: engine,
  },
  {
    because: 'policies are pure functions: what is scored on recorded markets is what runs in Lambda',
    files: /^functions\/core\/decision\/policy-[ab]\//,
    only: /^functions\/core\/decision\/policy-[ab]\//,
  },
  {
    because: 'the simulator plays policies, and is the same for recorded markets and for a tenant’s own history',
    files: /^functions\/core\/backtest\/simulator\//,
    only: /^functions\/core\/(backtest\/simulator|decision\/policy-[ab])\//,
  },
  {
    because: 'what back-tests is run by its job; requests only keep and read runs',
    files: /^functions\/(?!core\/backtest\/|jobs\/)/,
    never: /^functions\/core\/backtest\/(?!(wire|runs|request|answers)\.ts)/,
  },
  {
    because: 'the evaluation scores policies, and knows nothing of rows, Lambdas and the machines of a fleet',
    files: /^evaluation\//,
    never:
      /^(bin|lib|test|build|bench)\/|^functions\/(?!core\/(decision\/(policy-[ab]\/|timing\.ts)|backtest\/simulator\/|failover\/placement\.ts)|shared\/time\.ts)|^local\/(?!command-line|market\/|fleet\/run\/progress)/,
  },
  {
    because: 'a model is made of records and of the features that policies read, long before anything runs',
    files: /^layers\//,
    never:
      /^(bin|lib|test|build|bench)\/|^functions\/(?!core\/(decision\/policy-[ab]\/|backtest\/simulator\/|risk\/recalibration))|^local\/(?!command-line)/,
  },
  {
    because: 'what a month costs is computed of the template and of tables, and of nothing that runs',
    files: /^cost\//,
    never:
      /^(bin|test|bench|rehearsal|layers)\/|^functions\/(?!(routes|metrics)\.ts|shared\/route\.ts)|^evaluation\/(?!report\/text-table)|^local\/(?!command-line|fleet\/agents\/loops|aws\/schedule)/,
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
      /^(local|test|build|bench|rehearsal|cost)\/|^functions\/(?!(routes|jobs|lambdas|metrics|spot-events\/ec2-events)\.ts|shared\/(route|errors|fields|alarm-lines)\.ts)/,
  },
  {
    because: 'what is on the dashboards is read by the deployment and by the page of a local run',
    files: /^lib\/observability\/definitions\.ts$/,
    only: /^functions\/(lambdas|metrics)\.ts$/,
  },
  {
    because: 'what stands in for AWS knows the functions only as AWS does: their tables of contents and their bundles',
    // Replay repeats a stored decision with the very function that made it.
    files: /^local\/(?!replay\.ts$)/,
    never:
      /^(bin|lib\/(?!observability\/definitions)|test|rehearsal|cost)\/|^functions\/(?!(routes|jobs|lambdas|metrics|spot-events\/ec2-events)\.ts|shared\/(route|errors)\.ts)/,
    typesAreFree: true,
  },
];
