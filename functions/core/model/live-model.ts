import { sql } from 'kysely';

/** The session whose model operators have activated. */
export interface LiveModel {
  readonly id: string;
  /** Of the file that was tried, hex. */
  readonly sha256: string;
}

/** A column of somebody else's statement, so that knowing costs no call: what `liveModelOf` reads. One row, by a unique key. */
export const liveModelColumn = sql<string | null>`(SELECT CONCAT(live.id, ' ', live.sha256)
  FROM model_sessions AS live WHERE live.live_key = 1)`;

/** @returns `null` when none is live */
export function liveModelOf(column: string | null): LiveModel | null {
  const [id, sha256] = column?.split(' ') ?? [];
  return id && sha256 ? { id, sha256 } : null;
}

/** What decisions and D11 call what told hazards by it. */
export const uploadedName = (sessionId: string) => `uploaded@${sessionId}` as const;

/** Where S3 has the file of a session that was tried: no URL was ever signed for writing it, so that it stays what was tried. */
export const activatedKey = (sessionId: string) => `activated/${sessionId}`;
