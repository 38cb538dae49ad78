import { PricingClient, paginateGetProducts } from '@aws-sdk/client-pricing';
import type { OnDemandPrice } from '../core/pool/on-demand.ts';
import { isPrice } from '../core/pool/price.ts';
import { priceListRegion } from '../lambdas.ts';
import { chunks } from '../shared/chunks.ts';
import { logger } from '../shared/logger.ts';
import { parseJson } from '../shared/parse-json.ts';
import { patience, reachAws } from './aws.ts';

interface Wanted {
  readonly region: string;
  readonly instanceTypes: readonly string[];
}

/** Types per request: a filter takes 1,024 characters. Each type has one product, or a few. */
const typesAtOnce = 30;

/** The most pages of 100 products that are read for one request. */
const mostPages = 10;

/** Linux on shared hardware, without licences, paid while it runs. */
const plainLinux = {
  operatingSystem: 'Linux',
  tenancy: 'Shared',
  preInstalledSw: 'NA',
  capacitystatus: 'Used',
} as const;

/**
 * On-demand prices of these types in a region, in USD, from AWS's price list, read with our own credentials. Products
 * that cannot be read, or have no valid price in USD, are left out; so is a type with two different prices.
 * @throws AwsFailure
 */
export function readPriceList({ region, instanceTypes }: Wanted): Promise<OnDemandPrice[]> {
  const pricing = new PricingClient({ ...patience, region: priceListRegion });
  return reachAws(async () => {
    const found = new Map<string, Set<number>>();
    try {
      for (const types of chunks(instanceTypes, typesAtOnce)) {
        let pages = 0;
        for await (const { PriceList = [] } of paginateGetProducts({ client: pricing }, queryOf(region, types))) {
          for (const product of PriceList) {
            const price = priceOf(String(product), region);
            if (price && types.includes(price.instanceType))
              found.set(price.instanceType, (found.get(price.instanceType) ?? new Set()).add(price.price));
          }
          pages += 1;
          if (pages < mostPages) continue;
          logger.warn('the price list is longer than expected; the rest is not read', { region, pages });
          break;
        }
      }
    } finally {
      pricing.destroy();
    }
    return [...found].flatMap(([instanceType, [price, ...others]]) =>
      price === undefined || others.length > 0 ? [] : [{ instanceType, price }],
    );
  });
}

const queryOf = (region: string, types: readonly string[]) => ({
  ServiceCode: 'AmazonEC2',
  FormatVersion: 'aws_v1',
  MaxResults: 100,
  Filters: [
    { Type: 'ANY_OF' as const, Field: 'instanceType', Value: types.join(',') },
    ...Object.entries({ ...plainLinux, regionCode: region }).map(([Field, Value]) => ({
      Type: 'TERM_MATCH' as const,
      Field,
      Value,
    })),
  ],
});

/** The fields that are read of a product, which has many more. */
interface Product {
  readonly product?: { readonly attributes?: Readonly<Record<string, unknown>> };
  readonly terms?: { readonly OnDemand?: Readonly<Record<string, Term>> };
}
interface Term {
  readonly priceDimensions?: Readonly<Record<string, { unit?: unknown; pricePerUnit?: { USD?: unknown } }>>;
}

/** The price of one product; `undefined` if it was not requested, or has not exactly one hourly price in USD. */
function priceOf(json: string, region: string): OnDemandPrice | undefined {
  const { product, terms } = parsed(json);
  const attributes = product?.attributes ?? {};
  const wanted = Object.entries({ ...plainLinux, regionCode: region });
  const { instanceType } = attributes;
  if (typeof instanceType !== 'string' || wanted.some(([name, value]) => attributes[name] !== value)) return undefined;
  const dimensions = Object.values(terms?.OnDemand ?? {}).flatMap((term) => Object.values(term?.priceDimensions ?? {}));
  const hourly = dimensions.filter((one) => one?.unit === 'Hrs' && typeof one.pricePerUnit?.USD === 'string');
  const price = hourly.length === 1 ? Number(hourly[0]!.pricePerUnit!.USD) : undefined;
  return isPrice(price) ? { instanceType, price } : undefined;
}

function parsed(json: string): Product {
  const value = parseJson(json);
  return typeof value === 'object' && value !== null ? value : {};
}
