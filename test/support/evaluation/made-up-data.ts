import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../run/temporary-folder.ts';

/** A record of six days in steps of ten minutes. Each pool is up for five hours of six, one hour after the pool before. */
export function madeUpRecord(zones: readonly string[], head: object = {}) {
  return {
    id: 'made-up',
    instanceType: 'c9.large',
    startUtc: '2027-01-04T00:00:00Z',
    stepSeconds: 600,
    steps: 864,
    onDemandPrice: 1,
    pools: zones.map((az, index) => ({
      az,
      countRle: [
        [1, 6 * (index + 1)],
        ...Array.from({ length: 23 }, () => [
          [0, 6],
          [1, 30],
        ]).flat(),
        [1, 36 - 6 * (index + 1)],
      ],
      priceRle: [[0.3, 864]],
    })),
    ...head,
  };
}

/** Writes JSON files, by their path in it, to a folder that nothing else is in. */
export function madeUpFolder(files: Readonly<Record<string, unknown>>): string {
  const folder = temporaryFolder('data');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify(content));
  }
  return folder;
}
