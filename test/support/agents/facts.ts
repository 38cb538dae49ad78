/** What an agent knows of the instance it runs on. */
export interface InstanceFacts {
  readonly instanceId: string;
  readonly logicalId: string;
  readonly type: string;
  readonly region: string;
  readonly az: string;
  readonly mode: 'spot' | 'ondemand';
  /** The agent's version. With one that starts with `3.`, it also speaks the protocol of version 3.2. */
  readonly version: string;
}
