import type { Mode } from '../../shared/schema.ts';

/** What a request reports about an instance. `undefined` and `null` mean unknown: the stored value is kept. */
export interface InstanceFacts {
  readonly instanceId: string;
  readonly instanceType?: string | null | undefined;
  readonly region?: string | null | undefined;
  readonly az?: string | null | undefined;
  readonly amiId?: string | null | undefined;
  readonly mode?: Mode | undefined;
  /** DECIMAL text or a number, USD per hour. */
  readonly spotPrice?: string | number | null | undefined;
}
