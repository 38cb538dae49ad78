import { advisorEnv } from '../shared/env.ts';
import { secondMs } from '../shared/time.ts';
import { AwsFailure } from './aws.ts';

/** The file has 2 MB; a much larger one is not that file. */
const mostBytes = 16 * 1024 * 1024;
const longestMs = 10 * secondMs;

/** Spot Advisor's data on Linux instances: the index of an interruption band, by region and type. */
export interface Advice {
  readonly etag: string | undefined;
  /** `null` for a type that it does not know, or whose band is invalid. */
  readonly bandOf: (region: string, instanceType: string) => number | null;
}

/**
 * Fetches Spot Advisor's public file, unless it has not changed.
 * @returns `undefined` if it has not
 * @throws AwsFailure when the request fails, or the file is too large or cannot be read
 */
export async function fetchAdvice(etag: string | undefined): Promise<Advice | undefined> {
  const response = await reach(() =>
    fetch(advisorEnv().SPOT_ADVISOR_URL, {
      headers: etag === undefined ? {} : { 'if-none-match': etag },
      redirect: 'error',
      signal: AbortSignal.timeout(longestMs),
    }),
  );
  if (response.status === 304 && etag !== undefined) return undefined;
  if (!response.ok) {
    await response.body?.cancel();
    throw new AwsFailure(`HTTP${response.status}`, response.status >= 500);
  }
  const advice = parse(await reach(() => readBounded(response)));
  return { etag: response.headers.get('etag') ?? undefined, bandOf: (region, type) => bandIn(advice, region, type) };
}

async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof AwsFailure) throw error;
    throw new AwsFailure((error as Error).name, true, { cause: error });
  }
}

async function readBounded({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body ?? []) {
    bytes += part.length;
    if (bytes > mostBytes) throw new AwsFailure('TooLarge', false);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** If it is some other file, everything may be missing. */
interface File {
  readonly spot_advisor?: Partial<
    Record<string, { readonly Linux?: Partial<Record<string, { readonly r?: unknown }>> }>
  >;
}

function parse(text: string): File {
  try {
    const file: unknown = JSON.parse(text);
    if (typeof file === 'object' && file !== null && 'spot_advisor' in file) return file as File;
  } catch {}
  throw new AwsFailure('Unreadable', false);
}

function bandIn({ spot_advisor: regions }: File, region: string, instanceType: string): number | null {
  const band = regions?.[region]?.Linux?.[instanceType]?.r;
  return typeof band === 'number' && Number.isInteger(band) && band >= 0 && band <= 4 ? band : null;
}
