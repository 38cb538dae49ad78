import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Stand-ins for the machine's programs. */
export interface FakePrograms {
  /** Must come first in PATH. */
  readonly folder: string;
  remove(): void;
}

/** @param scripts the shell script of each program */
export function fakePrograms(scripts: Record<string, string>): FakePrograms {
  const folder = mkdtempSync(join(tmpdir(), 'spot-programs-'));
  for (const [name, script] of Object.entries(scripts))
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
