import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Market, type ParsedMarket, PricesError } from './market.ts';
import { knownOnDemandPrice } from './on-demand-prices.ts';
import { readCsv } from './price-csv.ts';
import { marketOfEvents, type PriceChoices, type PriceEvent } from './price-events.ts';
import { readJson } from './price-json.ts';

/**
 * Reads a price history: the CSV or JSON of `aws ec2 describe-spot-price-history`, or run-length JSON; gzipped or not.
 * The content decides which it is, not the file name.
 * @throws PricesError when it is none of these, or has no rows for the choices made
 */
export function readPriceFile(path: string, choices: PriceChoices = {}): Market {
  return parsePrices(textOf(path), path, choices);
}

/** Like `readPriceFile`, from the text of a file. */
export function parsePrices(text: string, name: string, choices: PriceChoices = {}): Market {
  const content = text.trimStart();
  if (content === '') throw new PricesError(`${name} is empty; expected a price history`);
  const read = content.startsWith('{') || content.startsWith('[') ? readJson(text, name) : readCsv(text, name);
  if (Array.isArray(read)) return marketOfRows(read, name, choices);
  return withOnDemandPrice(checkedTrace(read, name, choices), name, choices.onDemandPrice);
}

/** Like `readPriceFile`, from rows that were read (`readPriceRows`). */
export const marketOfRows = (rows: readonly PriceEvent[], name: string, choices: PriceChoices = {}): Market =>
  withOnDemandPrice(marketOfEvents(rows, name, choices), name, choices.onDemandPrice);

/**
 * The rows of a price history, of all types, products and regions that are in it.
 * @throws PricesError when it is no price history, or is a run-length file, which has no rows
 */
export function readPriceRows(path: string): PriceEvent[] {
  const content = textOf(path).trimStart();
  if (content === '') throw new PricesError(`${path} is empty; expected a price history`);
  const read = content.startsWith('{') || content.startsWith('[') ? readJson(content, path) : readCsv(content, path);
  if (Array.isArray(read)) return read;
  throw new PricesError(
    `${path} is a market for npm start; expected the output of aws ec2 describe-spot-price-history`,
  );
}

function textOf(path: string): string {
  try {
    const bytes = readFileSync(path);
    const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return new TextDecoder().decode(gzipped ? gunzipSync(bytes) : bytes);
  } catch (error) {
    throw new PricesError(`cannot read ${path}: ${(error as Error).message}`);
  }
}

function checkedTrace(market: ParsedMarket, name: string, { instanceType, region }: PriceChoices): ParsedMarket {
  if (instanceType && instanceType !== market.instanceType)
    throw new PricesError(`${name} has prices for ${market.instanceType} only, not for ${instanceType}`);
  if (region && region !== market.region)
    throw new PricesError(`${name} has prices for ${market.region} only, not for ${region}`);
  return market;
}

function withOnDemandPrice(market: ParsedMarket, name: string, given: number | undefined): Market {
  const { instanceType, region } = market;
  const recorded = given ?? market.onDemandPrice;
  const onDemandPrice = recorded ?? knownOnDemandPrice(instanceType, region);
  if (onDemandPrice === undefined)
    throw new PricesError(
      `no on-demand price known for ${instanceType} in ${region}: ${name} gives none and our table has none; ` +
        'give --on-demand-price, USD per hour',
    );
  const notes =
    recorded === undefined
      ? [...market.notes, `On-demand price from our table: ${onDemandPrice} USD per hour.`]
      : market.notes;
  return { ...market, onDemandPrice, notes };
}
