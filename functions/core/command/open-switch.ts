/** What a rule has to know of the switch that an agent has been told to do. */
export interface OpenSwitch {
  readonly newInstanceId?: string | null;
}

/**
 * Whether a switch is still to bring the agent's next primary. Once its successor has registered it only lacks its report,
 * and what happens to the successor is nothing that the switch will answer.
 */
export const isAwaitingSuccessor = (openSwitch: OpenSwitch | undefined): openSwitch is OpenSwitch =>
  openSwitch !== undefined && (openSwitch.newInstanceId ?? null) === null;
