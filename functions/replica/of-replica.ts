/** The tenant and agent that a request is about; most routes also name a standby (`OfReplica`). */
export interface OfAgent {
  /** `undefined` for an operator, who may see the agents of every tenant. */
  readonly clientId: string | undefined;
  readonly agentId: string;
}

export interface OfReplica extends OfAgent {
  readonly replicaId: string;
}
