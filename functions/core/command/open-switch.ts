/** What a rule needs to know about an agent's open switch. */
export interface OpenSwitch {
  readonly newInstanceId?: string | null;
}

/**
 * Whether a switch has yet to bring the agent's next primary. Once its successor has registered, only its report is
 * missing: if EC2 takes the successor, this switch brings no other.
 */
export const isAwaitingSuccessor = (openSwitch: OpenSwitch | undefined): openSwitch is OpenSwitch =>
  openSwitch !== undefined && (openSwitch.newInstanceId ?? null) === null;
