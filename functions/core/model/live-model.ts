import { sql } from 'kysely';

/** The session whose model operators have activated. */
export interface LiveModel {
  readonly id: string;
  /** Of the file that was tried, in hex. */
  readonly sha256: string;
}

/** A column for another statement, so that no extra call is needed. `liveModelOf` reads it. One row by a unique key. */
export const liveModelColumn = sql<string | null>`(SELECT CONCAT(live.id, ' ', live.sha256)
  FROM model_sessions AS live WHERE live.live_key = 1)`;

/** @returns `null` when none is live */
export function liveModelOf(column: string | null): LiveModel | null {
  const [id, sha256] = column?.split(' ') ?? [];
  return id && sha256 ? { id, sha256 } : null;
}

/** How the name of an uploaded model begins in decisions and D11, where the hash of its file follows. */
export const uploadedName = (sessionId: string) => `uploaded@${sessionId}` as const;

/** S3 key of a session's file that was tried. No signed URL ever allows writing there, so the file cannot change. */
export const activatedKey = (sessionId: string) => `activated/${sessionId}`;
