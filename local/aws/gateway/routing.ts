import { type Access, type Routes, routeKey } from '../../../functions/shared/route.ts';

export interface Matched {
  domain: string;
  access: Access;
  routeKey: string;
  pathParameters: Record<string, string> | undefined;
}

/** If several routes match, the one with the earlier static segment wins; among equals, a given method beats ANY. */
export function router(
  routes: Readonly<Record<string, Routes>>,
): (method: string, rawPath: string) => Matched | undefined {
  const entries = Object.entries(routes)
    .flatMap(([domain, table]) => Object.values(table).map((route) => ({ domain, route })))
    .map(({ domain, route: { method, path, access }, route }) => {
      const segments = path.split('/');
      const precedence =
        segments.map((segment) => (isGreedy(segment) ? 2 : isParameter(segment) ? 1 : 0)).join('') +
        (method === 'ANY' ? 1 : 0);
      return { domain, access, method, path, segments, precedence, routeKey: routeKey(route) };
    })
    .sort((a, b) => a.precedence.localeCompare(b.precedence));
  const fallback = entries.find(({ path }) => path === '$default');

  return (method, rawPath) => {
    const segments = rawPath.split('/');
    const entry = entries.find(
      (candidate) => (candidate.method === method || candidate.method === 'ANY') && fits(candidate.segments, segments),
    );
    if (entry) return { ...entry, pathParameters: parametersOf(entry.segments, segments) };
    return fallback && { ...fallback, pathParameters: undefined };
  };
}

const isParameter = (segment: string) => segment.startsWith('{');
const isGreedy = (segment: string | undefined) => segment?.endsWith('+}') ?? false;

const fits = (pattern: string[], segments: string[]) =>
  (pattern.length === segments.length || (isGreedy(pattern.at(-1)) && segments.length > pattern.length)) &&
  pattern.every((part, i) => (isParameter(part) ? segments[i] !== '' || isGreedy(part) : part === segments[i]));

/** Decodes each segment separately: an encoded slash in an id stays in that id. A greedy parameter takes the rest. */
function parametersOf(pattern: string[], segments: string[]): Record<string, string> | undefined {
  const found = pattern.flatMap((part, i) => {
    if (!isParameter(part)) return [];
    if (isGreedy(part)) return [[part.slice(1, -2), decodeURIComponent(segments.slice(i).join('/'))] as const];
    return [[part.slice(1, -1), decodeURIComponent(segments[i]!)] as const];
  });
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}
