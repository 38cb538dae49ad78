import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PricesError } from '../../local/market/market.ts';
import { groupFiles, isLongEnough, leastDays, readGroup } from './data-set.ts';
import { NotPlayed } from './not-played.ts';
import type { RecordedGroup } from './pool-group.ts';

/** A recorded market that is long enough to be scored. */
export interface Recorded {
  /** Its folder and the name of its file, without the ending. */
  readonly name: string;
  readonly path: string;
  readonly group: RecordedGroup;
}

export type Folder = 'availability' | 'availability-more' | 'prices';

/** A folder of recorded markets, any part of which may be absent. */
export class DataFolder {
  readonly notPlayed = new NotPlayed();
  readonly #path: string;
  readonly #known = new Map<Folder, readonly Recorded[]>();

  constructor(path: string) {
    this.#path = path;
  }

  /** The records of a subfolder, by name. None if it is absent. */
  records(folder: Folder): readonly Recorded[] {
    const records = this.#known.get(folder) ?? this.#read(folder);
    this.#known.set(folder, records);
    return records;
  }

  /** The text of a file; `undefined` if it is absent. */
  text(file: string): string | undefined {
    const path = join(this.#path, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  #read(folder: Folder): Recorded[] {
    const files = existsSync(join(this.#path, folder)) ? groupFiles(this.#path, folder) : [];
    if (files.length === 0) this.notPlayed.add('absent', `${folder}/`);
    return files.flatMap((path) => {
      const name = nameOf(path, folder);
      const group = this.#groupIn(path, name);
      if (!group) return [];
      if (isLongEnough(group) && canSave(group)) return [{ name, path, group }];
      const reason = isLongEnough(group) ? 'no pool is ever cheaper than on-demand' : `shorter than ${leastDays} days`;
      this.notPlayed.add(reason, name);
      return [];
    });
  }

  /** Other tables may lie beside price histories. */
  #groupIn(path: string, name: string): RecordedGroup | undefined {
    try {
      return readGroup(path);
    } catch (error) {
      if (!(error instanceof PricesError)) throw error;
      this.notPlayed.add('not the price history of one instance type in one region', name);
      return undefined;
    }
  }
}

/** Otherwise there is no gap to close, and the mean over groups would have no value. */
const canSave = ({ pools, onDemandPrice }: RecordedGroup) =>
  pools.some(({ up, prices }) => prices.some((price, step) => up[step] === 1 && price < onDemandPrice));

const nameOf = (path: string, folder: Folder) => `${folder}/${basename(path).replace(/\.(json|csv|csv\.gz)$/, '')}`;
