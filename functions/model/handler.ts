import { createHash } from 'node:crypto';
import { deleteSessions, listSessions, outdatedSessions } from '../core/model/listing.ts';
import { activateSession, createSession, fallBack, newSessionId, readSession } from '../core/model/sessions.ts';
import { transact } from '../shared/db.ts';
import { AppError } from '../shared/errors.ts';
import { byOf, type Call, httpHandler } from '../shared/http.ts';
import { logger } from '../shared/logger.ts';
import { isRawBody, type RawBody } from '../shared/request.ts';
import { iso, msAfter, secondMs } from '../shared/time.ts';
import { deleteFiles, getFile, putActivated, putFile, uploadUrl, urlSeconds } from './files.ts';
import { probeModel } from './probe.ts';
import { modelRoutes } from './routes.ts';
import { checkFiles, filesOfForm } from './upload.ts';

type Upload = RawBody | { readonly files: readonly { readonly name: string; readonly size: number }[] };

/** Stores uploaded files, or returns the URLs to which announced files are to be PUT. */
async function keep(call: Call, kind: 'model' | 'engine', { body, actor }: { body: Upload; actor: string }) {
  const id = newSessionId();
  const sent = isRawBody(body) ? await filesOfForm(body) : undefined;
  const announced = isRawBody(body) ? sent!.map(({ name, bytes }) => ({ name, size: bytes.length })) : body.files;
  const files = checkFiles(kind, announced);
  // Files are stored before the row, so that a session with uploaded files never lacks them.
  if (sent) await Promise.all(sent.map(({ bytes }, position) => putFile(id, position, bytes)));
  await createSession(call.db, { id, kind, files }, byOf(call, { actor }), call.now);
  const uploads = sent
    ? undefined
    : await Promise.all(
        files.map(async ({ name, bytes }, position) => ({
          file: name,
          url: await uploadUrl(id, position, bytes),
          expires_at: msAfter(call.now, urlSeconds * secondMs).toISOString(),
        })),
      );
  await tidy(call);
  const names = files.map(({ name }) => name);
  const message = uploads ? 'PUT each file to its URL, then activate the session' : `${names.length} files were stored`;
  const totalSize = files.reduce((sum, { bytes }) => sum + bytes, 0);
  return { answer: { success: true as const, message, files: names, sessionId: id, uploads }, totalSize };
}

/**
 * Loads and probes the model that is about to go live, and stores a separate copy: while its signed URL is valid, the
 * uploaded bytes may still be replaced.
 * @returns the model's SHA-256, hex
 * @throws AppError model_unusable
 */
async function tryModel(session: Awaited<ReturnType<typeof readSession>>): Promise<string> {
  const unusable = (why: string) =>
    new AppError('model_unusable', `Session ${session.id} cannot be activated: ${why}. Nothing was changed`);
  const [file, ...others] = session.files;
  if (session.kind !== 'model') throw unusable('it holds files of an engine, which are never run');
  const foreign = session.files.find(({ name }) => !name.toLowerCase().endsWith('.onnx'));
  if (foreign) throw unusable(`${foreign.name} has a format that is stored but never run; only ONNX is run`);
  if (!file || others.length > 0) throw unusable(`it has ${session.files.length} models; it must have exactly one`);
  const bytes = await getFile(session.id, file.position);
  if (!bytes) throw unusable(`${file.name} has not been uploaded`);
  const probed = await probeModel(bytes);
  if (!probed.ok) throw unusable(probed.why);
  await putActivated(session.id, bytes);
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Deletes sessions that are no longer kept, at most 100, with their files. The rows go only if S3 has deleted the files,
 * so that nothing is left without a row; if it fails, that is logged, and the next call tries again.
 */
async function tidy({ db }: Call): Promise<void> {
  try {
    const outdated = await outdatedSessions(db);
    if (outdated.length === 0) return;
    await transact(db, async (tx) => {
      await deleteSessions(tx, outdated);
      await deleteFiles(outdated);
    });
  } catch (error) {
    logger.warn('model sessions that are no longer kept could not be deleted', { error });
  }
}

export const handler = httpHandler<typeof modelRoutes>(modelRoutes, {
  uploadModel: async (call, { body, caller }) => {
    const { answer, totalSize } = await keep(call, 'model', { body, actor: caller.actor });
    const model_status = { filesUploaded: answer.files.length, totalSize, sessionType: 'pending' as const };
    return { ...answer, requiresRestart: false, model_status };
  },
  uploadEngine: async (call, { body, caller }) => {
    const { answer } = await keep(call, 'engine', { body, actor: caller.actor });
    const engine_status = { loaded: true, type: 'built-in', filesUploaded: answer.files.length };
    return { ...answer, message: `${answer.message}; they are never run`, restarting: false, engine_status };
  },
  activateModel: async (call, { body, caller }) => {
    const session = await readSession(call.db, body.sessionId);
    if (session.status !== 'live') {
      const sha256 = await tryModel(session);
      await activateSession(call.db, { id: session.id, sha256 }, byOf(call, caller), call.now);
      await tidy(call);
    }
    const message = 'The model was loaded, gave finite outputs, and is live';
    return {
      success: true,
      message,
      sessionId: session.id,
      restarting: false,
      model_status: { loaded: true, type: 'onnx' },
    };
  },
  fallBack: async (call, { caller }) => {
    const fallbackSessionId = await fallBack(call.db, byOf(call, caller), call.now);
    await tidy(call);
    return { success: true, message: 'The previous session is live again', fallbackSessionId, restarting: false };
  },
  listModels: async ({ db }) =>
    (await listSessions(db)).map(({ id, status, files, totalSize, createdAt, activatedAt }) => ({
      id,
      status,
      isLive: status === 'live',
      isFallback: status === 'fallback',
      fileCount: files.length,
      files,
      totalSize,
      createdAt: createdAt.toISOString(),
      activatedAt: iso(activatedAt),
      isSupported: files.every((name) => name.toLowerCase().endsWith('.onnx')),
    })),
});
