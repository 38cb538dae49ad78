import type { Answer } from '../rig/api.ts';
import { StoredAgent } from './stored-agent.ts';

/** Requests of an agent about standbys and EC2's notices: the routes whose ids begin with R. */
export abstract class StandbyCalls extends StoredAgent {
  /** A request with the handle that this instance was given. */
  abstract request(method: string, path: string, body?: unknown): Promise<Answer>;

  listReplicas(status?: string) {
    return this.request('GET', status === undefined ? '/replicas' : `/replicas?status=${status}`);
  }

  createReplica(body: Record<string, unknown> = {}) {
    return this.request('POST', '/replicas', body);
  }

  /** Reports that it has launched `instanceId` for the standby. */
  putReplica(replicaId: string, instanceId: string, extra: Record<string, unknown> = { status: 'syncing' }) {
    return this.request('PUT', `/replicas/${replicaId}`, { instance_id: instanceId, ...extra });
  }

  replicaStatus(replicaId: string, status: string, extra: Record<string, unknown> = {}) {
    return this.request('POST', `/replicas/${replicaId}/status`, { status, ...extra });
  }

  syncStatus(replicaId: string, body: Record<string, unknown>) {
    return this.request('POST', `/replicas/${replicaId}/sync-status`, body);
  }

  promoteReplica(replicaId: string, body: Record<string, unknown> = {}) {
    return this.request('POST', `/replicas/${replicaId}/promote`, body);
  }

  deleteReplica(replicaId: string) {
    return this.request('DELETE', `/replicas/${replicaId}`);
  }

  /** R8, for this instance. A termination notice is two minutes ahead, as EC2's are, unless `extra` says otherwise. */
  emergency(signal: 'rebalance-recommendation' | 'termination-notice', extra: Record<string, unknown> = {}) {
    const time = signal === 'termination-notice' ? { termination_time: this.inSeconds(120) } : {};
    return this.request('POST', '/create-emergency-replica', {
      signal_type: signal,
      instance_id: this.id,
      ...time,
      ...extra,
    });
  }

  /** R9, for this instance. */
  terminationImminent(extra: Record<string, unknown> = {}) {
    return this.request('POST', '/termination-imminent', {
      instance_id: this.id,
      termination_time: this.inSeconds(120),
      detected_at: this.inSeconds(0),
      ...extra,
    });
  }

  inSeconds(seconds: number) {
    return new Date(this.api.clock.now().getTime() + seconds * 1000).toISOString();
  }
}
