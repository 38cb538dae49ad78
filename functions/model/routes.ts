import * as z from 'zod';
import type { Routes } from '../shared/route.ts';

/** The largest form that still passes the gateway once it is in base64. */
const maxFormBytes = 4_500_000;

/** The file types that each kind of upload accepts (protocol X8, X9). Only ONNX can ever be activated. */
export const extensions = {
  model: ['.pkl', '.joblib', '.h5', '.pb', '.pth', '.onnx', '.pt'],
  engine: ['.py', '.pkl', '.joblib'],
} as const;

/** A file name without a path and with one of these extensions, in upper or lower case. */
const nameShape = (endings: readonly string[]) =>
  `^[^\\u0000-\\u001f\\u007f/\\\\]{0,200}\\.(${endings.map((ending) => ending.slice(1).replaceAll(/[a-z]/g, (c) => `[${c}${c.toUpperCase()}]`)).join('|')})$`;

const declaredFiles = (kind: keyof typeof extensions) =>
  z.object({
    files: z
      .array(
        z.object({
          name: z
            .string()
            .min(1)
            .max(1000)
            .meta({ pattern: nameShape(extensions[kind]) }),
          size: z
            .int()
            .min(0)
            .max(2 ** 31 - 1)
            .meta({ minimum: 1 }),
        }),
      )
      .min(1)
      .max(20)
      .meta({
        description: 'The files that will be PUT to the signed URLs in the response: names, and sizes in bytes',
      }),
  });

const SignedUrl = z.object({ file: z.string(), url: z.url(), expires_at: z.iso.datetime() });

const Uploaded = z.object({
  success: z.literal(true),
  message: z.string(),
  files: z.array(z.string()),
  sessionId: z.string(),
  uploads: z
    .array(SignedUrl)
    .optional()
    .meta({ description: 'One for each declared file: PUT the file there, with exactly the declared size' }),
});

const Session = z.object({
  id: z.string(),
  status: z.enum(['pending', 'live', 'fallback', 'archived']),
  isLive: z.boolean(),
  isFallback: z.boolean(),
  fileCount: z.int(),
  files: z.array(z.string()),
  totalSize: z.int().meta({ description: 'Bytes' }),
  createdAt: z.iso.datetime(),
  activatedAt: z.iso.datetime().nullable(),
  isSupported: z.boolean().meta({ description: 'Whether all files are ONNX: no others can be activated' }),
});

/** Routes for models that operators upload (protocol 4), in their own Lambda because most others need no S3 or ONNX. */
export const modelRoutes = {
  uploadModel: {
    id: 'X8',
    method: 'POST',
    path: '/api/admin/ml-models/upload',
    access: 'admin',
    scope: 'admin',
    summary:
      'Stores model files as a session that can be activated: small files as a form, files of any size by signed URL',
    takesFiles: true,
    body: declaredFiles('model'),
    maxBodyBytes: maxFormBytes,
    response: Uploaded.extend({
      requiresRestart: z.literal(false),
      model_status: z.object({ filesUploaded: z.int(), totalSize: z.int(), sessionType: z.literal('pending') }),
    }),
  },
  uploadEngine: {
    id: 'X9',
    method: 'POST',
    path: '/api/admin/decision-engine/upload',
    access: 'admin',
    scope: 'admin',
    summary: 'Stores the files of an engine; they are never run',
    takesFiles: true,
    body: declaredFiles('engine'),
    maxBodyBytes: maxFormBytes,
    response: Uploaded.extend({
      restarting: z.literal(false),
      engine_status: z.object({ loaded: z.boolean(), type: z.string(), filesUploaded: z.int() }),
    }),
  },
  activateModel: {
    id: 'D12',
    method: 'POST',
    path: '/api/admin/ml-models/activate',
    access: 'admin',
    scope: 'admin',
    summary: 'Makes a session live once its model has loaded and given finite outputs',
    body: z.object({ sessionId: z.string().min(1).max(64) }),
    response: z.object({
      success: z.literal(true),
      message: z.string(),
      sessionId: z.string(),
      restarting: z.literal(false),
      model_status: z.object({ loaded: z.literal(true), type: z.literal('onnx') }),
    }),
    errors: ['model_session_not_found', 'model_unusable'],
  },
  fallBack: {
    id: 'D13',
    method: 'POST',
    path: '/api/admin/ml-models/fallback',
    access: 'admin',
    scope: 'admin',
    summary: 'Makes the previously live session live again',
    response: z.object({
      success: z.literal(true),
      message: z.string(),
      fallbackSessionId: z.string(),
      restarting: z.literal(false),
    }),
    errors: ['no_fallback'],
  },
  listModels: {
    id: 'D14',
    method: 'GET',
    path: '/api/admin/ml-models/sessions',
    access: 'admin',
    scope: 'viewer',
    summary: 'The ten newest sessions, newest first',
    response: z.array(Session).max(10),
  },
} satisfies Routes;
