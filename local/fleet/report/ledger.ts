import type { Answer } from '../agents/agent-http.ts';
import type { Mode } from '../ec2/ec2.ts';

/** A switch as the fleet saw it. It is complete when an agent has registered on the new machine. */
export interface SwitchRecord {
  readonly agent: string;
  readonly commandId: string;
  readonly mode: Mode;
  /** As the agents tell it from a command's priority. */
  readonly trigger: 'manual' | 'model';
  readonly startedAt: Date;
  readonly newInstanceId?: string;
  readonly outcome: 'under way' | 'completed' | 'failed';
}

/** Who tells the control plane that EC2 takes a machine. */
export type Announcer = 'agent' | 'EventBridge';

export interface RouteCount {
  requests: number;
  /** Of those answers that said what they cost. */
  counted: number;
  dataApiCalls: number;
}

/** The simulation's books: what the agents asked, and what became of it. */
export class Ledger {
  readonly routes = new Map<string, RouteCount>();
  /** Answers that agents take as none, by status and route. */
  readonly failures = new Map<string, number>();
  /** Ids of the commands that agents were handed. */
  readonly commands = new Set<string>();
  /** What register returned to each machine. */
  readonly handles = new Map<string, string>();
  /** RunInstances calls that found no capacity. */
  refusedLaunches = 0;
  /** RunInstances calls that were too many. */
  throttledLaunches = 0;
  /** Machines whose agents have seen a termination notice. */
  readonly notices = new Set<string>();
  /** By machine: who announced its end, in the order in which the control plane had dealt with it. */
  readonly announcers = new Map<string, readonly Announcer[]>();
  /** Machines whose agents have seen a rebalance recommendation, and what it was worth. */
  readonly warnings = new Map<string, 'true' | 'false alarm'>();
  /** The requests that termination notices led to, repeats after a restart of the agent included. */
  readonly noticeCalls: RouteCount = { requests: 0, counted: 0, dataApiCalls: 0 };
  #switches: SwitchRecord[] = [];
  #requests = 0;

  get requests(): number {
    return this.#requests;
  }

  get switches(): readonly SwitchRecord[] {
    return this.#switches;
  }

  answered({ route, status, dataApiCalls, isOfNotice }: Answer): void {
    this.#requests++;
    const ofRoute = this.routes.get(route) ?? { requests: 0, counted: 0, dataApiCalls: 0 };
    this.routes.set(route, ofRoute);
    for (const count of isOfNotice ? [ofRoute, this.noticeCalls] : [ofRoute]) {
      count.requests++;
      if (dataApiCalls === undefined) continue;
      count.counted++;
      count.dataApiCalls += dataApiCalls;
    }
    if (typeof status === 'number' && status < 400) return;
    const failure = `${status} ${route}`;
    this.failures.set(failure, (this.failures.get(failure) ?? 0) + 1);
  }

  /** An agent has registered on a machine: if a switch made that machine, it is complete. */
  registered(instanceId: string, handle: string): void {
    this.handles.set(instanceId, handle);
    this.#update(({ newInstanceId, outcome }) => newInstanceId === instanceId && outcome === 'under way', {
      outcome: 'completed',
    });
  }

  announced(instanceId: string, by: Announcer): void {
    const known = this.announcers.get(instanceId) ?? [];
    if (!known.includes(by)) this.announcers.set(instanceId, [...known, by]);
  }

  switchStarted(started: Omit<SwitchRecord, 'outcome' | 'newInstanceId'>): void {
    this.#switches.push({ ...started, outcome: 'under way' });
  }

  switchLaunched(commandId: string, newInstanceId: string): void {
    this.#update((record) => record.commandId === commandId && record.outcome === 'under way', { newInstanceId });
  }

  switchFailed(commandId: string): void {
    this.#update((record) => record.commandId === commandId && record.outcome === 'under way', { outcome: 'failed' });
  }

  #update(of: (record: SwitchRecord) => boolean, change: Partial<SwitchRecord>): void {
    this.#switches = this.#switches.map((record) => (of(record) ? { ...record, ...change } : record));
  }
}
