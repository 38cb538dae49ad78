import busboy from 'busboy';
import { AppError, invalidField } from '../shared/errors.ts';
import type { RawBody } from '../shared/request.ts';
import { extensions } from './routes.ts';

export interface UploadedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Limits of one upload, the same as in the system that this one replaces. */
const most = { files: 20, bytes: 100 * 1024 * 1024 };

/**
 * Reads the files of a form from its field `files` (protocol X8).
 * @throws AppError invalid_request for a form that cannot be read
 */
export async function filesOfForm({ contentType, bytes }: RawBody): Promise<UploadedFile[]> {
  const files: UploadedFile[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const unreadable = (error: unknown) =>
    reject(new AppError('invalid_request', `The form cannot be read: ${(error as Error).message}`));
  try {
    const form = busboy({ headers: { 'content-type': contentType }, limits: { files: most.files + 1, fields: 20 } });
    form.on('file', (field, stream, { filename }: { filename?: string }) => {
      const chunks: Buffer[] = [];
      // Emitted if the form ends within a file. Without a listener, the error would end the process.
      stream.on('error', unreadable);
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (field === 'files') files.push({ name: filename ?? '', bytes: Buffer.concat(chunks) });
      });
    });
    form.on('error', unreadable);
    form.on('close', resolve);
    form.end(bytes);
  } catch (error) {
    unreadable(error); // a form without a boundary
  }
  await promise;
  return files;
}

interface Declared {
  readonly name: string;
  readonly size: number;
}

/**
 * Validates files that were uploaded or announced. Returns their names and sizes as they are stored.
 * @throws AppError invalid_request, body_too_large
 */
export function checkFiles(kind: keyof typeof extensions, declared: readonly Declared[]) {
  const refuse = (problem: string) => invalidField('files', problem);
  if (declared.length === 0) throw refuse('must have at least one file');
  if (declared.length > most.files) throw refuse(`has ${declared.length} files; it may have at most ${most.files}`);
  const total = declared.reduce((sum, { size }) => sum + size, 0);
  if (total > most.bytes)
    throw new AppError('body_too_large', `The files have ${total} bytes in total; the limit is ${most.bytes}`);
  return declared.map(({ name, size }) => {
    const kept = name.replace(/^.*[/\\]/, ''); // some browsers send a path
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    if (kept === '' || kept.length > 255 || /[\u0000-\u001f\u007f]/.test(kept))
      throw refuse('must have names of 1 to 255 printable characters');
    if (!extensions[kind].some((extension) => kept.toLowerCase().endsWith(extension)))
      throw refuse(`has ${kept}; it must end in one of ${extensions[kind].join(' ')}`);
    if (size === 0) throw refuse(`has ${kept}, which is empty`);
    return { name: kept, bytes: size };
  });
}
