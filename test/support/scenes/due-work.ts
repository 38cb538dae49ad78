/** Which agents each kind of work is due for, in order of their ids: the index of the first, and how many. */
export type Slots = Readonly<Record<Thing, readonly [from: number, count: number]>>;

export const things = [
  'manual standbys',
  'rebalance recommendations',
  'pending terminations',
  'silence',
  'overdue commands',
  'interruptions',
  'unconfirmed ends',
  'overdue launches',
] as const;
export type Thing = (typeof things)[number];

/** Statements that give jobs something to do, on top of `seedFleet`. */
export function dueWork(now: Date, slots: Slots): string[] {
  const at = (minutes: number) => `'${new Date(now.getTime() + minutes * 60_000).toISOString().slice(0, 23)}'`;
  const agents = (thing: Thing) =>
    `(SELECT id FROM (SELECT id FROM agents ORDER BY id LIMIT ${slots[thing][0]}, ${slots[thing][1]}) AS those)`;
  return [
    `UPDATE agents SET manual_replica_enabled = TRUE, auto_switch_enabled = FALSE WHERE id IN ${agents('manual standbys')}`,
    `UPDATE agents SET last_rebalance_recommendation_at = ${at(-5)} WHERE id IN ${agents('rebalance recommendations')}`,
    `UPDATE agents SET pending_termination_at = ${at(1)}, pending_termination_instance = instance_id
     WHERE id IN ${agents('pending terminations')}`,
    `UPDATE agents SET last_heartbeat_at = ${at(-30)} WHERE id IN ${agents('silence')}`,
    `UPDATE commands SET status = 'pending', expires_at = ${at(-1)}, completed_at = NULL
     WHERE id = CONCAT(agent_id, 1) AND agent_id IN ${agents('overdue commands')}`,
    `UPDATE spot_interruption_events SET termination_time = ${at(-5)}
     WHERE id = CONCAT(agent_id, 1) AND agent_id IN ${agents('interruptions')}`,
    `UPDATE instances AS i INNER JOIN spot_interruption_events AS e ON e.instance_id = i.id AND e.termination_time = ${at(-5)}
     SET i.instance_status = 'zombie', i.termination_confirmed = FALSE, i.terminated_at = NULL`,
    `UPDATE instances SET termination_confirmed = FALSE WHERE instance_status = 'terminated' AND agent_id IN ${agents('unconfirmed ends')}
     AND id = (SELECT instance_id FROM spot_interruption_events WHERE id = CONCAT(instances.agent_id, 1))`,
    `UPDATE replica_instances SET status = 'launching', instance_id = NULL, created_at = ${at(-15)}
     WHERE id = CONCAT(agent_id, 1) AND agent_id IN ${agents('overdue launches')}`,
    // The days before are already counted, and are not counted again.
    `INSERT INTO clients_daily_snapshot VALUES (DATE(${at(-2 * 24 * 60)}), 1, 0, 1, 0, 0, 0)`,
    'ANALYZE TABLE agents, instances, commands, replica_instances, spot_interruption_events',
  ];
}
