import type { ControlPlane } from '../local/control-plane.ts';
import type { Tenant } from '../local/fleet/run/tenant.ts';
import { type Market, poolId } from '../local/market/market.ts';

/** Simulates people using a tenant's console. Their actions leave audit rows, tokens, alerts and marks. */
export class Console {
  /** Tokens, alerts and other things created so far. */
  made = 0;
  readonly #plane: ControlPlane;
  readonly #tenant: Tenant;

  constructor(plane: ControlPlane, tenant: Tenant) {
    this.#plane = plane;
    this.#tenant = tenant;
  }

  /** Points the webhook at a port where nobody listens, so messages are given up and kept for the tenant. */
  async begin(): Promise<void> {
    await this.#call('PUT', `${this.#path}/webhook`, { url: 'http://127.0.0.1:1025/', min_severity: 'info' });
    await this.#call('PUT', `${this.#path}/price-overlays`, {
      overlays: [{ mode: 'spot', multiplier: 1, from: '2020-01-01T00:00:00Z' }],
    });
    this.made += 1;
  }

  /** A day's work. @throws Error when the control plane rejects any request */
  async day(market: Market): Promise<void> {
    const made = await this.#call('POST', `${this.#path}/tokens`, { name: `day ${this.made}`, scope: 'read' });
    await this.#call('DELETE', `${this.#path}/tokens/${made.id}`);
    const pool_id = poolId(market, market.pools[0]!.az);
    const { alert_id } = await this.#call('POST', `${this.#path}/pricing-alerts`, { pool_id, threshold: 0.03 });
    await this.#call('DELETE', `${this.#path}/pricing-alerts/${alert_id}`);
    await this.#call('POST', `${this.#path}/export-links`, { export: 'savings' });
    const list = await this.#call('GET', '/api/notifications?limit=1');
    const [newest] = Array.isArray(list) ? list : (list.notifications ?? []);
    if (newest) await this.#call('POST', `/api/notifications/${newest.id}/mark-read`);
    this.made += 3;
  }

  get #path(): string {
    return `/api/client/${this.#tenant.id}`;
  }

  async #call(method: string, path: string, body?: object) {
    const answer = await fetch(new URL(path, this.#plane.url), {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.#tenant.token}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? {} : JSON.parse(text);
  }
}
