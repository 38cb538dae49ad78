import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPoolGroup } from '../../../evaluation/data/pool-group.ts';
import type { PoolGroup } from '../../../functions/core/backtest/simulator/pool-group.ts';

/** The recorded markets and their golden results, which are not in the repository. */
export const recordedData = process.env.SHARED_DATA ?? join(import.meta.dirname, '../../../../shared/data');
const isThere = existsSync(join(recordedData, 'availability'));
if (!isThere) console.warn(`no recorded data at ${recordedData} (set SHARED_DATA): their tests are skipped`);

/**
 * Declares tests that need recorded data. Without the data they are skipped; in CI, its absence fails a test.
 * @param files what else they need of the data, such as golden results
 */
export function describeRecorded(name: string, tests: () => void, files: readonly string[] = []): void {
  const missing = ['availability', ...files].filter((file) => !existsSync(join(recordedData, file)));
  describe(name, () => {
    it.runIf(process.env.CI)('has the recorded data that it needs', () => {
      expect(missing, `missing in ${recordedData}; set SHARED_DATA`).toEqual([]);
    });
    if (missing.length === 0) tests();
    else it.skip(`needs ${missing.join(', ')} in the recorded data`);
  });
}

/** @param path in the folder of the recorded data */
export const golden = <T>(path: string): T => JSON.parse(readFileSync(join(recordedData, path), 'utf8'));

const groups = new Map<string, PoolGroup>();

/** @param path such as availability/sky22-2022-11-28-usw2-p2.xlarge */
export function recordedGroup(path: string): PoolGroup {
  const group = groups.get(path) ?? readPoolGroup(join(recordedData, `${path}.json`));
  groups.set(path, group);
  return group;
}
