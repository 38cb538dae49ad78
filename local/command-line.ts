import { parseArgs } from 'node:util';

/** An invalid command line. The message gives the value seen and what is expected. */
export class UsageError extends Error {}

/** How the text of a value is parsed. */
export interface Reader<T> {
  /** What is expected, to follow the word "expected". */
  readonly expected: string;
  /** @returns undefined if the text is something else */
  read(text: string): T | undefined;
}

/** One option of a command line: its help text, and how its value is parsed. */
export interface Option<T> {
  /** Without the dashes. */
  readonly name: string;
  /** The name of the value in the help; undefined for a flag, which has no value. */
  readonly value: string | undefined;
  readonly reader: Reader<T>;
  readonly help: string;
  /** As a user would type it. */
  readonly fallback: string | undefined;
}

/** Options by the names of their values. */
export type Options = Readonly<Record<string, Option<unknown>>>;
export type Values<T extends Options> = { readonly [K in keyof T]: T[K] extends Option<infer V> ? V : never };

/** @param usage the option's name and that of its value: `agents N` */
export function option<T>(usage: string, reader: Reader<T>, help: string, fallback: string): Option<T>;
export function option<T>(usage: string, reader: Reader<T>, help: string): Option<T | undefined>;
export function option<T>(usage: string, reader: Reader<T>, help: string, fallback?: string): Option<T | undefined> {
  const [name, value] = usage.split(' ') as [string, string];
  return { name, value, reader, help, fallback };
}

export const flag = (name: string, help: string): Option<boolean> => ({
  name,
  value: undefined,
  reader: oneOf(true, false),
  help,
  fallback: 'false',
});

export const text: Reader<string> = { expected: 'text', read: (text) => text };

interface Range {
  readonly from?: number;
  readonly above?: number;
  readonly to: number;
  readonly whole?: true;
}

export function number({ from, above, to, whole }: Range): Reader<number> {
  return {
    expected: `a ${whole ? 'whole ' : ''}number ${above === undefined ? `from ${from}` : `above ${above}`} to ${to}`,
    read(text) {
      const value = Number(text);
      const isLow = above === undefined ? value < from! : value <= above;
      const isNumber = text.trim() !== '' && (whole ? Number.isInteger(value) : Number.isFinite(value));
      return isNumber && !isLow && value <= to ? value : undefined;
    },
  };
}

const units = { s: 1, m: 60, h: 3600 };

/** A time such as 90s, 30m or 1h, read as seconds. */
export function time({ from, to }: { from: number; to: number }): Reader<number> {
  return {
    expected: `a time from ${from}s to ${to}s, such as 90s, 30m or 1h`,
    read(text) {
      const [, amount, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
      const seconds = Number(amount) * units[unit as keyof typeof units];
      return seconds >= from && seconds <= to ? seconds : undefined;
    },
  };
}

export function oneOf<T extends string | boolean>(...values: readonly T[]): Reader<T> {
  return { expected: values.join(' or '), read: (text) => values.find((value) => String(value) === text) };
}

/**
 * Parses a command line.
 * @returns the values, with fallbacks for options not given; and which options were given
 * @throws UsageError for an unknown option, or a value that its reader does not accept
 */
export function readCommandLine<T extends Options>(
  options: T,
  args: readonly string[],
): { values: Values<T>; given: ReadonlySet<keyof T> } {
  const texts = textsOf(options, args);
  const entries = Object.entries(options);
  return {
    values: Object.fromEntries(
      entries.map(([key, option]) => [key, readValue(option, texts[option.name])]),
    ) as Values<T>,
    given: new Set(entries.filter(([, { name }]) => name in texts).map(([key]) => key)),
  };
}

function textsOf(options: Options, args: readonly string[]) {
  const types = Object.values(options).map(
    ({ name, value }) => [name, { type: value ? 'string' : 'boolean' }] as const,
  );
  try {
    return parseArgs({ args: [...args], options: Object.fromEntries(types) }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readValue<T>({ name, reader, fallback }: Option<T>, given: unknown): T | undefined {
  const text = given === undefined ? fallback : String(given);
  if (text === undefined) return undefined;
  const value = reader.read(text);
  if (value === undefined) throw new UsageError(`--${name} ${text}: expected ${reader.expected}`);
  return value;
}

const helpWidth = 120;

/** A command's --help text: its usage, its purpose, and its options by title. */
export const commandHelp = (usage: string, purpose: string, sections: Readonly<Record<string, Options>>): string =>
  [
    usage,
    wrap(purpose, helpWidth).join('\n'),
    ...Object.entries(sections).map(([title, options]) => helpSection(title, options)),
  ].join('\n\n');

/** The section of a help text about some options: a title, then the options in two columns. */
function helpSection(title: string, options: Options): string {
  const usages = Object.values(options).map(({ name, value }) => `  --${name}${value ? ` ${value}` : ''}`);
  const indent = Math.max(...usages.map(({ length }) => length)) + 2;
  const lines = Object.values(options).map(({ value, help, fallback }, index) => {
    const text = value && fallback ? `${help} (default ${fallback})` : help;
    return usages[index]!.padEnd(indent) + wrap(text, helpWidth - indent).join(`\n${' '.repeat(indent)}`);
  });
  return [title, ...lines].join('\n');
}

/** Breaks a text into lines of at most `width` characters. */
const wrap = (text: string, width: number): string[] =>
  text.match(new RegExp(`.{1,${width}}(?= |$)|\\S+`, 'g'))!.map((line) => line.trim());

type ErrorClass = abstract new (...args: never[]) => Error;

/** The errors of a command that need no stack trace. */
interface Known {
  /** Mistakes of the user beyond the command line: a file that is not what it should be. */
  readonly mistakes?: readonly ErrorClass[];
  /** Problems of the environment: a port that is in use. */
  readonly troubles?: readonly ErrorClass[];
}

/**
 * Reports why a command failed. The exit code is 2 for a mistake of the user, with a hint at the help, and 1 otherwise.
 * @param command as it is typed, as in `npm start`
 */
export function failCommand(command: string, error: unknown, { mistakes = [], troubles = [] }: Known = {}): void {
  const isOneOf = (classes: readonly ErrorClass[]) => classes.some((one) => error instanceof one);
  const isMistake = isOneOf([UsageError, ...mistakes]);
  const { message } = error as Error;
  if (isMistake) console.error(`${message}\n${command} -- --help lists the options.`);
  else console.error(isOneOf(troubles) ? message : error);
  process.exitCode = isMistake ? 2 : 1;
}
