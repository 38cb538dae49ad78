import type { DecisionInput } from '../../../functions/core/decision/decision-input.ts';

/** An agent on demand that may move: every gate is open. */
export const movableAgent: DecisionInput['agent'] = {
  instanceId: 'i-1',
  status: 'online',
  enabled: true,
  autoSwitchEnabled: true,
  mode: 'ondemand',
  poolId: null,
  lastSwitchAt: null,
  switches24h: 0,
  switches7d: 0,
  hasOpenCommand: false,
  lastEmergencyAt: null,
  hasEmergencyReplica: false,
  lastFailedSwitchAt: null,
};

/** The settings of a new agent, whose limits on moves hold. */
export const usualConfig: DecisionInput['config'] = {
  minSavingsPercent: 15,
  riskThreshold: 0.3,
  maxSwitchesPerWeek: 10,
  maxSwitchesPerDay: 3,
  minPoolDurationHours: 2,
  limitsHold: true,
  disruptionWindows: null,
};
