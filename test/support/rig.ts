// The old place: to be removed when no test imports it any more.
export type { Answer, RequestOptions, Tenant } from './rig/api.ts';
export * from './rig/rig.ts';
