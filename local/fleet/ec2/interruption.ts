/** What EC2 will do to a Spot instance: recommend rebalancing, give notice, and end it. */
export interface Interruption {
  readonly rebalanceAt?: Date | undefined;
  /** Whether no interruption of its own follows the rebalance recommendation. */
  readonly isFalseAlarm?: boolean;
  readonly noticeAt?: Date | undefined;
  /** Two minutes after the notice if omitted. */
  readonly endAt?: Date | undefined;
}

const noticeMs = 120_000;

/** When EC2 ends the instance; undefined for a false alarm alone. */
export const endOf = ({ noticeAt, endAt }: Interruption): Date | undefined =>
  endAt ?? (noticeAt && new Date(noticeAt.getTime() + noticeMs));
