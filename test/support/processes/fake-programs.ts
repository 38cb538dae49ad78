import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Programs in place of the machine's. */
export interface FakePrograms {
  /** To go first in PATH. */
  readonly folder: string;
  remove(): void;
}

/** @param scripts what each program does, in the shell's language */
export function fakePrograms(scripts: Record<string, string>): FakePrograms {
  const folder = mkdtempSync(join(tmpdir(), 'spot-programs-'));
  for (const [name, script] of Object.entries(scripts))
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
