import { join } from 'node:path';
import type { ServerPrograms } from '../install/programs.ts';

/** Nothing waits for the disk: creating a data directory takes less time, and creating a schema a third of it. */
export const withoutSync = '--innodb-flush-method=nosync';

/** Trades durability for speed: this data can be created again. SQL modes and time zone are Aurora's. */
export const serverFlags = [
  '--skip-log-bin',
  withoutSync,
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=0',
  '--innodb-buffer-pool-size=256M',
  '--skip-name-resolve',
  '--performance-schema=OFF',
  '--max-connections=500',
  '--default-time-zone=+00:00',
  '--character-set-server=utf8mb4',
  '--sql-mode=ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
];

/** What only MySQL has: a second port, and a folder for exported files that must exist. */
export const mySqlFlags = ['--mysqlx=OFF', '--secure-file-priv=NULL'];

/** An unpacked server looks for its messages and scripts where it was built to be installed, unless told otherwise. */
export const baseDirFlags = ({ baseDir }: ServerPrograms) =>
  baseDir ? [`--basedir=${baseDir}`, `--lc-messages-dir=${join(baseDir, 'share/mysql')}`] : [];

/** A server refuses to run as root unless it is told that this is intended. */
export const asThisUser = () => (process.getuid?.() === 0 ? ['--user=root'] : []);
