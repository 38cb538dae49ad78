/** What an agent knows of the instance it runs on. */
export interface InstanceFacts {
  readonly instanceId: string;
  readonly logicalId: string;
  readonly type: string;
  readonly region: string;
  readonly az: string;
  readonly mode: 'spot' | 'ondemand';
  /** What the agent says its version is; with one of `3.` it also speaks as version 3.2 does. */
  readonly version: string;
}
