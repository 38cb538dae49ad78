import type { Mode } from '../../shared/schema.ts';

/** What is told of an instance. What is `undefined` or `null` is not known, and keeps what the database has. */
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
