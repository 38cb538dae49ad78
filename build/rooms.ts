/**
 * Prints the rooms under functions/: how large each is, which tables it owns, and who imports it.
 *
 *     npm run rooms
 */
import { importsOf, read, sources } from './sources.ts';
import { ownersOfTables, roomOf } from './tables.ts';

const files = sources.filter((file) => file.startsWith('functions/') && roomOf(file) !== file);
const owners = ownersOfTables();
const lines = (file: string) => read(file).split('\n').length - 1;
const short = (room: string) => room.replace('functions/', '');

const rooms = Map.groupBy(files, roomOf);
const rows = [...rooms]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([room, own]) => {
    const importers = files.filter(
      (file) => roomOf(file) !== room && importsOf(file).some(({ to }) => roomOf(to) === room),
    );
    const owned = [...owners].filter(([, owner]) => owner === room).map(([table]) => table);
    return {
      room: short(room),
      files: own.length,
      lines: own.map(lines).reduce((sum, n) => sum + n, 0),
      longest: Math.max(...own.map(lines)),
      tables: owned.join(', '),
      importers: [...new Set(importers.map((file) => short(roomOf(file))))].sort().join(', '),
    };
  });

console.log('room                files  lines longest');
for (const { room, files, lines, longest, tables, importers } of rows) {
  console.log(`${room.padEnd(18)} ${[files, lines, longest].map((n) => String(n).padStart(6)).join(' ')}`);
  if (tables) console.log(`    owns ${tables}`);
  if (importers) console.log(`    is imported by ${importers}`);
}

const sizes = sources
  .filter((file) => file.startsWith('functions/'))
  .map(lines)
  .sort((a, b) => a - b);
console.log(`${sizes.length} files: median ${sizes[Math.floor(sizes.length / 2)]} lines, the longest ${sizes.at(-1)}.`);
