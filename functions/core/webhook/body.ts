import type { Severity } from '../../shared/schema.ts';

/** One notification of a digest. */
export interface Notification {
  readonly id: string;
  readonly eventType: string;
  readonly severity: Severity;
  readonly message: string;
  readonly agentId: string | null;
  readonly instanceId: string | null;
  readonly createdAt: Date;
}

/** The content of a message. */
export interface Digest {
  /** The same in each retry. */
  readonly id: string;
  readonly clientId: string;
  readonly type: 'notifications' | 'test';
  readonly total: number;
  readonly bySeverity: Readonly<Record<Severity, number>>;
  /** The most severe and, among those, the latest; in order of time. */
  readonly notifications: readonly Notification[];
}

/** The most notifications that a message lists; the others are counted. */
export const mostListed = 20;

/** A message as JSON. */
export const toJson = ({ id, clientId, type, total, bySeverity, notifications }: Digest): string =>
  JSON.stringify({
    id,
    type,
    client_id: clientId,
    total,
    by_severity: bySeverity,
    omitted: total - notifications.length,
    notifications: notifications.map((one) => ({
      id: one.id,
      type: one.eventType,
      severity: one.severity,
      message: one.message,
      agent_id: one.agentId,
      instance_id: one.instanceId,
      time: one.createdAt.toISOString(),
    })),
  });

const marks: Readonly<Record<Severity, string>> = {
  error: ':red_circle:',
  warning: ':large_orange_circle:',
  info: ':large_blue_circle:',
};

/** Escapes the three characters that Slack reads as markup: with them a message could name a channel or hide a link. */
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The message in Slack's format, which other receivers understand too. */
export const toSlack = (digest: Digest): string => {
  const { total, notifications } = digest;
  const lines = notifications.map(
    ({ severity, message, createdAt }) => `${marks[severity]} ${createdAt.toISOString()} ${escaped(message)}`,
  );
  const omitted = total - notifications.length;
  return JSON.stringify({
    text: [`*${titleOf(digest)}*`, ...lines, ...(omitted > 0 ? [`… and ${omitted} more`] : [])].join('\n'),
  });
};

/** One line of ASCII, as the subject of an email has to be. */
export function titleOf({ type, total, bySeverity }: Digest): string {
  if (type === 'test') return 'Spot Optimizer: this is a test';
  const counts = (['error', 'warning', 'info'] as const).filter((severity) => bySeverity[severity] > 0);
  const parts = counts.map((severity) => `${bySeverity[severity]} ${severity}`).join(', ');
  return `Spot Optimizer: ${total} ${total === 1 ? 'notification' : 'notifications'} (${parts})`;
}
