import { stackName } from './assembly.ts';
import type { Emulator } from './emulator.ts';
import type { Tools } from './tools.ts';

type Send = (command: unknown) => Promise<never>;
type Client = new (options: { endpoint: string }) => { send: Send };
type Command = new (input: unknown) => unknown;

/** The deployed stack: reads its status and outputs, and puts events on its bus. */
export class DeployedStack {
  readonly #cloudFormation: { send: Send };
  readonly #eventBridge: { send: Send };
  readonly #DescribeStacks: Command;
  readonly #PutEvents: Command;

  constructor(tools: Tools, { url }: Emulator) {
    const cfn = tools.load('@aws-sdk/client-cloudformation') as Record<string, unknown>;
    const events = tools.load('@aws-sdk/client-eventbridge') as Record<string, unknown>;
    this.#cloudFormation = new (cfn.CloudFormationClient as Client)({ endpoint: url });
    this.#eventBridge = new (events.EventBridgeClient as Client)({ endpoint: url });
    this.#DescribeStacks = cfn.DescribeStacksCommand as Command;
    this.#PutEvents = events.PutEventsCommand as Command;
  }

  /** @returns `undefined` when there is no stack */
  async status(): Promise<string | undefined> {
    return (await this.#describe())?.StackStatus;
  }

  async output(key: string): Promise<string> {
    const outputs = (await this.#describe())?.Outputs ?? [];
    const found = outputs.find(({ OutputKey }) => OutputKey === key);
    if (!found) throw new Error(`the stack has no output ${key}; it has ${outputs.map((o) => o.OutputKey).join(', ')}`);
    return found.OutputValue;
  }

  /** Puts an event on the stack's bus, as the rule in a tenant's account does. */
  async putEvent(detailType: string, detail: unknown): Promise<void> {
    const bus = await this.output('EventBusArn');
    const entry = {
      EventBusName: bus,
      Source: 'rehearsal.ec2',
      DetailType: detailType,
      Detail: JSON.stringify(detail),
    };
    const { FailedEntryCount } = (await this.#eventBridge.send(new this.#PutEvents({ Entries: [entry] }))) as {
      FailedEntryCount: number;
    };
    if (FailedEntryCount > 0) throw new Error('the event bus refused the event');
  }

  async #describe(): Promise<
    { StackStatus: string; Outputs?: { OutputKey: string; OutputValue: string }[] } | undefined
  > {
    try {
      const { Stacks } = (await this.#cloudFormation.send(new this.#DescribeStacks({ StackName: stackName }))) as {
        Stacks: never[];
      };
      return Stacks[0];
    } catch (error) {
      if (String(error).includes('does not exist')) return undefined;
      throw error;
    }
  }
}
