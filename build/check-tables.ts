/**
 * Checks statements under functions/: each table has one owner, a room of functions/core (or functions/shared for
 * tables outside the domain), and no other code writes it. A statement that also writes tables of other rooms says so:
 * its function's comment has a line "Sets columns of: …" that names what it writes, all of it and no more.
 */
import { ownersOfTables, roomOf, type Write, writes } from './tables.ts';

const owners = ownersOfTables();
const all = writes();
const found = all.flatMap(problemsOf);

for (const line of found) console.error(line);
if (found.length > 0) process.exit(1);
const shared = all.filter(({ declared }) => declared).length;
console.log(
  `${owners.size} tables have one owner each; of ${all.length} writing statements ${shared} write for several rooms.`,
);

function problemsOf({ file, line, tables, declared }: Write): string[] {
  const at = `${file}:${line}`;
  const unowned = tables
    .filter((table) => !owners.has(table))
    .map((table) => `${at} writes ${table}, which no room owns`);
  const room = roomOf(file);
  const isRoom = room.startsWith('functions/core/') || room === 'functions/shared';
  const foreign = tables.filter((table) => owners.has(table) && owners.get(table) !== room);
  if (declared === undefined)
    return [...unowned, ...foreign.map((table) => `${at} writes ${table}, which is for ${owners.get(table)} to write`)];
  const isExact = [...declared].sort().join() === [...new Set(tables)].sort().join();
  return [
    ...unowned,
    ...(isRoom ? [] : [`${at} writes tables: that is for a room of functions/core`]),
    ...(isExact ? [] : [`${at} writes ${tables.join(', ')}, and its comment says ${declared.join(', ')}`]),
  ];
}
