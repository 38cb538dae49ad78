import type { Answer } from '../agents/agent-http.ts';
import type { Mode } from '../ec2/instance.ts';

/** A switch as the fleet saw it. It is complete when an agent has registered on the new instance. */
export interface SwitchRecord {
  readonly agent: string;
  readonly commandId: string;
  readonly mode: Mode;
  /** As agents infer it from the command's priority. */
  readonly trigger: 'manual' | 'model';
  readonly startedAt: Date;
  readonly newInstanceId?: string;
  readonly outcome: 'under way' | 'completed' | 'failed';
}

/** Who told the control plane that EC2 interrupts an instance. */
export type NoticeSource = 'agent' | 'EventBridge';

export interface RouteCount {
  requests: number;
  /** Responses that reported their Data API calls. */
  counted: number;
  dataApiCalls: number;
}

function countOf(counts: Map<string, RouteCount>, name: string): RouteCount {
  const count = counts.get(name) ?? { requests: 0, counted: 0, dataApiCalls: 0 };
  counts.set(name, count);
  return count;
}

/** Counts the agents' requests and launches, and tracks their switches. */
export class Ledger {
  readonly routes = new Map<string, RouteCount>();
  /** The same by the version of the agents. */
  readonly kinds = new Map<string, RouteCount>();
  /** Responses that agents treat as no answer, by status and route. */
  readonly failures = new Map<string, number>();
  /** Ids of the commands that agents received. */
  readonly commands = new Set<string>();
  /** By instance: what register returned. */
  readonly handles = new Map<string, string>();
  /** RunInstances calls that found no capacity. */
  refusedLaunches = 0;
  /** RunInstances calls that EC2 throttled. */
  throttledLaunches = 0;
  /** Instances whose agents saw an interruption notice. */
  readonly notices = new Set<string>();
  /** By instance: who told the control plane of its interruption, in the order in which it was handled. */
  readonly noticeSources = new Map<string, readonly NoticeSource[]>();
  /** By instance: whether the rebalance recommendation that its agent saw was true. */
  readonly recommendations = new Map<string, 'true' | 'false alarm'>();
  /** Requests caused by interruption notices, including repeats after a restart of the agent. */
  readonly noticeCalls: RouteCount = { requests: 0, counted: 0, dataApiCalls: 0 };
  #switches: SwitchRecord[] = [];
  #requests = 0;

  get requests(): number {
    return this.#requests;
  }

  get switches(): readonly SwitchRecord[] {
    return this.#switches;
  }

  /** @param kind the version of the agent */
  answered({ route, status, dataApiCalls, isOfNotice }: Answer, kind: string): void {
    this.#requests++;
    const counts = [countOf(this.routes, route), countOf(this.kinds, kind)];
    for (const count of isOfNotice ? [...counts, this.noticeCalls] : counts) {
      count.requests++;
      if (dataApiCalls === undefined) continue;
      count.counted++;
      count.dataApiCalls += dataApiCalls;
    }
    if (typeof status === 'number' && status < 400) return;
    const failure = `${status} ${route}`;
    this.failures.set(failure, (this.failures.get(failure) ?? 0) + 1);
  }

  /** An agent has registered on an instance, which completes the switch that launched it. */
  registered(instanceId: string, handle: string): void {
    this.handles.set(instanceId, handle);
    this.#update(({ newInstanceId, outcome }) => newInstanceId === instanceId && outcome === 'under way', {
      outcome: 'completed',
    });
  }

  noticeReceived(instanceId: string, from: NoticeSource): void {
    const known = this.noticeSources.get(instanceId) ?? [];
    if (!known.includes(from)) this.noticeSources.set(instanceId, [...known, from]);
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
