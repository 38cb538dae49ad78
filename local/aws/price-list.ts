import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Faults, type Occurrence } from './faults.ts';
import { readBody, reply, serveOnLoopback } from './loopback-server.ts';

/** A product as the price list describes it, and its price. */
export interface ListedProduct {
  /** `instanceType`, `regionCode`, `operatingSystem`, … */
  readonly attributes: Readonly<Record<string, string>>;
  /** By currency, as text such as AWS's `0.0960000000`. */
  readonly pricePerUnit: Readonly<Record<string, string>>;
  readonly unit?: string;
  /** Length of its other terms, which make up most of a product. */
  readonly padding?: number;
}

export interface PriceListFault extends Occurrence {
  /** An AWS error code, or a network failure. */
  readonly error: 'ThrottlingException' | 'AccessDeniedException' | 'InternalErrorException' | 'disconnect' | 'hang';
}

/** A GetProducts request. */
export interface ProductsQuery {
  readonly ServiceCode?: string;
  readonly Filters?: readonly { readonly Type: string; readonly Field: string; readonly Value: string }[];
  readonly NextToken?: string;
  readonly MaxResults?: number;
}

/** AWS's price list, limited to what we request. */
export interface PriceList {
  /** For the SDK's `endpoint`. */
  readonly url: string;
  readonly faults: Faults<PriceListFault, ProductsQuery>;
  /** None until set. Text is sent as it is. */
  products: () => readonly (ListedProduct | string)[];
  /** The most products on a page. */
  pageSize: number;
  /** Called for each accepted request with the size of its response in bytes; 0 if a fault strikes it. */
  onCall?: ((query: ProductsQuery, bytes: number) => void) | undefined;
  close(): Promise<void>;
}

const mostResults = 100;
const statusOf = { ThrottlingException: 400, AccessDeniedException: 400, InternalErrorException: 500 } as const;

/** Serves GetProducts on loopback for the unmodified SDK, in AWS's JSON protocol. */
export async function startPriceList(): Promise<PriceList> {
  const server = await serveOnLoopback((request, response) => respond(request, response, list));
  const list: PriceList = {
    url: server.url,
    faults: new Faults({ concerns: () => true, times: Number.POSITIVE_INFINITY }),
    products: () => [],
    pageSize: mostResults,
    close: () => server.close(),
  };
  return list;
}

async function respond(request: IncomingMessage, response: ServerResponse, list: PriceList): Promise<void> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() };
  const query = JSON.parse(String(await readBody(request))) as ProductsQuery;
  const refuse = (code: string, status: number) =>
    reply(response, status, headers, JSON.stringify({ __type: code, message: `${code}, as the test has it` }));
  const error = list.faults.strike(query)?.error;
  if (error) list.onCall?.(query, 0);
  if (error === 'hang') return;
  if (error === 'disconnect') return void request.socket.destroy();
  if (error) return refuse(error, statusOf[error]);
  if (request.headers['x-amz-target'] !== 'AWSPriceListService.GetProducts')
    return refuse('UnknownOperationException', 400);
  if (query.ServiceCode !== 'AmazonEC2') return refuse('NotFoundException', 400);
  const body = JSON.stringify(pageOf(list, query));
  list.onCall?.(query, Buffer.byteLength(body));
  reply(response, 200, headers, body);
}

function pageOf({ products, pageSize }: PriceList, { Filters = [], NextToken, MaxResults }: ProductsQuery) {
  const matching = products().filter(
    (product) => typeof product === 'string' || Filters.every((filter) => matches(filter, product)),
  );
  const from = Number(NextToken ?? 0);
  const to = from + Math.min(MaxResults ?? mostResults, mostResults, pageSize);
  return {
    FormatVersion: 'aws_v1',
    PriceList: matching.slice(from, to).map((product) => (typeof product === 'string' ? product : toText(product))),
    ...(to < matching.length && { NextToken: String(to) }),
  };
}

function matches(
  { Type, Field, Value }: { Type: string; Field: string; Value: string },
  { attributes }: ListedProduct,
): boolean {
  const value = attributes[Field] ?? '';
  return Type === 'ANY_OF' ? Value.split(',').includes(value) : value === Value;
}

/** A product is JSON within JSON, with prices of Reserved Instances beside the one that is needed. */
const toText = ({ attributes, pricePerUnit, unit = 'Hrs', padding = 0 }: ListedProduct) =>
  JSON.stringify({
    product: { productFamily: 'Compute Instance', attributes, sku: 'EXAMPLE' },
    serviceCode: 'AmazonEC2',
    terms: {
      OnDemand: {
        'EXAMPLE.TERM': { priceDimensions: { 'EXAMPLE.TERM.RATE': { unit, description: 'per hour', pricePerUnit } } },
      },
      Reserved: padding > 0 ? { 'EXAMPLE.OTHER': { description: 'x'.repeat(padding) } } : {},
    },
  });
