import type { Change, Rule } from './change.ts';
import { commandRules } from './commands.ts';
import { failoverRules } from './failovers.ts';
import { primaryRules } from './primary.ts';
import { standbyRules } from './standbys.ts';

/** Rules for any agent at any time: the test plan's I1, I2, I3, I8 and I9. Callers that know more check more. */
export function agentRules(change: Change, rule: Rule): void {
  if (!change.now.agent) {
    const { instances, commands, replicas } = change.now;
    rule(!change.before.agent, 'the agent is still there');
    rule(instances.length + commands.length + replicas.length === 0, 'nothing belongs to an agent that is not there');
    return;
  }
  primaryRules(change, rule);
  commandRules(change, rule);
  failoverRules(change, rule);
  standbyRules(change, rule);
}
