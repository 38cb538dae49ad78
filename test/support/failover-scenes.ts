// The old place: to be removed when no test imports it any more.
export * from './scenes/failover-scenes.ts';
