/** EventBridge's words for what EC2 says of an instance. The rules of lib/spot-events.ts let these in and no others. */
export const detailTypes = {
  interruption: 'EC2 Spot Instance Interruption Warning',
  /** Of an instance in an interruptible capacity reservation, which its owner takes back: two minutes, as for Spot. */
  reservation: 'EC2 Capacity Reservation Instance Interruption Warning',
  rebalance: 'EC2 Instance Rebalance Recommendation',
  stateChange: 'EC2 Instance State-change Notification',
} as const;

/** An instance in one of these states serves no more, or will not in a moment. */
export const endingStates: readonly string[] = ['shutting-down', 'terminated', 'stopping', 'stopped'];
