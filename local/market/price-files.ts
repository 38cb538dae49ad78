import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Market, type PricedOrNot, PricesError } from './market.ts';
import { knownOnDemandPrice } from './on-demand-prices.ts';
import { readCsv } from './price-csv.ts';
import { marketOfEvents, type PriceChoices } from './price-events.ts';
import { readJson } from './price-json.ts';

/**
 * Reads a price history: CSV or JSON as `aws ec2 describe-spot-price-history` writes it, or the run-length JSON of the
 * project's price data; gzipped or not. What it is shows from its content, not its name.
 * @throws PricesError when it is none of these, or has nothing for the choices made
 */
export function readPriceFile(path: string, choices: PriceChoices = {}): Market {
  return parsePrices(textOf(path), path, choices);
}

/** As `readPriceFile`, of the file's text. */
export function parsePrices(text: string, name: string, choices: PriceChoices = {}): Market {
  const content = text.trimStart();
  if (content === '') throw new PricesError(`${name} is empty; a price history was expected`);
  const read = content.startsWith('{') || content.startsWith('[') ? readJson(text, name) : readCsv(text, name);
  const market = Array.isArray(read) ? marketOfEvents(read, name, choices) : checkedTrace(read, name, choices);
  return withOnDemandPrice(market, name, choices.onDemandPrice);
}

function textOf(path: string): string {
  try {
    const bytes = readFileSync(path);
    const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return new TextDecoder().decode(gzipped ? gunzipSync(bytes) : bytes);
  } catch (error) {
    throw new PricesError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function checkedTrace(market: PricedOrNot, name: string, { instanceType, region }: PriceChoices): PricedOrNot {
  if (instanceType && instanceType !== market.instanceType)
    throw new PricesError(`${name} has prices of ${market.instanceType} only, not of ${instanceType}`);
  if (region && region !== market.region)
    throw new PricesError(`${name} has prices of ${market.region} only, not of ${region}`);
  return market;
}

function withOnDemandPrice(market: PricedOrNot, name: string, given: number | undefined): Market {
  const { instanceType, region } = market;
  const recorded = given ?? market.onDemandPrice;
  const onDemandPrice = recorded ?? knownOnDemandPrice(instanceType, region);
  if (onDemandPrice === undefined)
    throw new PricesError(
      `${name} does not say what ${instanceType} costs on demand in ${region}, and it is not in our table: ` +
        'give --on-demand-price, USD per hour',
    );
  const notes =
    recorded === undefined ? [...market.notes, `On-demand price ${onDemandPrice} USD/h from our table.`] : market.notes;
  return { ...market, onDemandPrice, notes };
}
