/** EventBridge's detail types of EC2's events about an instance. The rules of lib/spot-events.ts admit only these. */
export const detailTypes = {
  interruption: 'EC2 Spot Instance Interruption Warning',
  /** For an instance in an interruptible capacity reservation whose owner reclaims it: two minutes, as for Spot. */
  reservation: 'EC2 Capacity Reservation Instance Interruption Warning',
  rebalance: 'EC2 Instance Rebalance Recommendation',
  stateChange: 'EC2 Instance State-change Notification',
} as const;

/** An instance in one of these states no longer serves, or is about to stop. */
export const endingStates: readonly string[] = ['shutting-down', 'terminated', 'stopping', 'stopped'];
