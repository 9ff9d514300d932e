import { join } from 'node:path';
import { loadPackageDefinition, Server, ServerCredentials, status, type handleUnaryCall } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';

/** A price of a SKU as the catalog writes it; a tier is [from how much on, dollars, billionths of a dollar]. */
export interface TestSku {
  readonly skuId: string;
  readonly description: string;
  readonly serviceRegions: readonly string[];
  readonly usageUnit: string;
  readonly tiers: readonly (readonly [start: number, units: number, nanos: number])[];
  readonly currency?: string;
}

export interface BillingServer {
  /** For the client's constructor. */
  readonly clientOptions: { apiEndpoint: string; port: number };
  /** Requests that were answered. */
  readonly requests: readonly ListSkusRequest[];
  close(): void;
}

/** Absent fields are absent: what was not sent is not the default. */
interface ListSkusRequest {
  readonly parent?: string;
  readonly currencyCode?: string;
  readonly pageSize?: number;
  readonly pageToken?: string;
  readonly startTime?: unknown;
  readonly endTime?: unknown;
  readonly hasUnknownFields: boolean;
}

const modules = join(import.meta.dirname, '../../../node_modules');
/** The server gives fewer than asked for, as the real one may, so that a client which reads one page is found out. */
const PAGE_SIZE = 2;

/**
 * The Cloud Billing Catalog over a real socket, from the package's own protos. Stricter than the real one: a field that the
 * proto does not have, a missing or malformed one, an unknown service, a page token that was not given and a request without
 * its routing header are refused.
 */
export async function startBillingServer(
  services: Readonly<Record<string, readonly TestSku[]>>,
): Promise<BillingServer> {
  const requests: ListSkusRequest[] = [];
  const tokens = new Map<string, number>();
  const server = new Server();

  const listSkus: handleUnaryCall<ListSkusRequest, object> = ({ request, metadata }, callback) => {
    const { parent = '', pageToken = '', pageSize = 0 } = request;
    const skus = services[parent];
    const from = pageToken === '' ? 0 : tokens.get(`${parent} ${pageToken}`);
    const fault = findRequestFault(
      request,
      metadata.get('x-goog-request-params').map(String),
      skus !== undefined,
      from,
    );
    if (fault || !skus || from === undefined) {
      callback({ code: skus ? status.INVALID_ARGUMENT : status.NOT_FOUND, details: fault ?? 'not found' });
      return;
    }
    requests.push(request);
    const to = from + Math.min(PAGE_SIZE, pageSize);
    const nextPageToken = to < skus.length ? `page-${tokens.size}` : '';
    if (nextPageToken !== '') tokens.set(`${parent} ${nextPageToken}`, to);
    callback(null, { skus: skus.slice(from, to).map((sku) => wireSku(parent, sku)), nextPageToken });
  };

  server.addService(strictService(), {
    listSkus,
    listServices: ((_call, callback) => callback({ code: status.UNIMPLEMENTED })) as handleUnaryCall<unknown, unknown>,
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { clientOptions: { apiEndpoint: '127.0.0.1', port }, requests, close: () => server.forceShutdown() };
}

function findRequestFault(
  request: ListSkusRequest,
  routing: readonly string[],
  isKnown: boolean,
  from: number | undefined,
): string | undefined {
  if (request.hasUnknownFields) return 'the request has fields that are not in the proto';
  const { parent = '', pageSize = 0 } = request;
  if (!/^services\/[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}$/.test(parent)) return 'parent is not services/{service}';
  if (!isKnown) return 'no such service';
  if (routing.join() !== `parent=${encodeURIComponent(parent)}`) return `routing header: ${routing.join()}`;
  if (request.currencyCode !== 'USD') return 'currency_code: this catalog has USD only';
  if (pageSize < 1 || pageSize > 5000) return 'page_size is from 1 to 5000';
  if (request.startTime !== undefined || request.endTime !== undefined) return 'a time range was not expected';
  if (from === undefined) return 'page_token was not given by this server';
  return undefined;
}

function wireSku(parent: string, { skuId, description, serviceRegions, usageUnit, tiers, currency = 'USD' }: TestSku) {
  return {
    name: `${parent}/skus/${skuId}`,
    skuId,
    description,
    category: { resourceFamily: 'ApplicationServices', usageType: 'OnDemand' },
    serviceRegions,
    pricingInfo: [
      {
        effectiveTime: { seconds: 1_795_000_000, nanos: 0 },
        currencyConversionRate: 1,
        pricingExpression: {
          usageUnit,
          displayQuantity: 1,
          tieredRates: tiers.map(([startUsageAmount, units, nanos]) => ({
            startUsageAmount,
            unitPrice: { currencyCode: currency, units, nanos },
          })),
        },
      },
    ],
    serviceProviderName: 'Google',
  };
}

/** Decoding drops fields that a message does not have; written again, such a message is shorter than it was. */
function strictService(): ServiceDefinition {
  const definition = loadPackageDefinition(
    loadSync('google/cloud/billing/v1/cloud_catalog.proto', {
      includeDirs: [join(modules, '@google-cloud/billing/build/protos'), join(modules, 'google-gax/build/protos')],
      enums: String,
      longs: String,
    }),
  ) as any;
  const service = definition.google.cloud.billing.v1.CloudCatalog.service as ServiceDefinition;
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => [name, { ...method, requestDeserialize: strictly(method) }]),
  );
}

function strictly({ requestDeserialize, requestSerialize }: MethodDefinition<object, object>) {
  return (bytes: Buffer): object => {
    const message = requestDeserialize(bytes);
    return { ...message, hasUnknownFields: requestSerialize(message).length !== bytes.length };
  };
}
