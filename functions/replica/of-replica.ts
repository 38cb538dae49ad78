/** Whose agent, and for most routes which of its standbys. */
export interface OfAgent {
  /** `undefined` for the admin, who may see every tenant's. */
  readonly clientId: string | undefined;
  readonly agentId: string;
}

export interface OfReplica extends OfAgent {
  readonly replicaId: string;
}
