/** A file served under `/docs/`. The build puts it next to the handler, compressed (build/docs-files.ts). */
interface ServedFile {
  readonly type: string;
  /** How many seconds browsers cache it. */
  readonly keptFor: number;
}

const script = 'text/javascript; charset=utf-8';

export const files: Readonly<Record<string, ServedFile>> = {
  'openapi.json': { type: 'application/json', keptFor: 60 },
  'index.html': { type: 'text/html; charset=utf-8', keptFor: 60 },
  'start.js': { type: script, keptFor: 60 },
  'swagger-ui.css': { type: 'text/css; charset=utf-8', keptFor: 86_400 },
  'swagger-ui-bundle.js': { type: script, keptFor: 86_400 },
};
