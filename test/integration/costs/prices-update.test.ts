import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { CloudCatalogClient } from '@google-cloud/billing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pricesCommand } from '../../../cli/commands/prices.js';
import { openGoogleCatalog } from '../../../costs/catalog/google-catalog.js';
import { loadPriceBooks } from '../../../costs/files/load-price-books.js';
import { startBillingServer, type BillingServer, type TestSku } from '../../support/google/billing-server.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const VERTEX = 'services/C7E2-9256-1C43';
const BIGQUERY = 'services/24E6-581D-38E5';
/** 2026-11-24T09:00:00Z */
const clock = () => 1_795_510_800_000_000n;

const sku = (
  skuId: string,
  description: string,
  usageUnit: string,
  tiers: TestSku['tiers'],
  serviceRegions = ['us-central1'],
): TestSku => ({ skuId, description, usageUnit, tiers, serviceRegions });

const CATALOG = {
  [VERTEX]: [
    sku('0000-0000-0001', 'Feature store node in Iowa', 'h', [[0, 0, 950_000_000]]),
    sku('0000-0000-0002', 'Storage in Iowa', 'GiBy.h', [[0, 0, 400_000]]),
    sku('0000-0000-0003', 'Prediction Core running in Frankfurt', 'h', [[0, 9, 0]], ['europe-west3']),
    sku(
      '0000-0000-0004',
      'Prediction Core running in Americas',
      'h',
      [[0, 0, 40_000_000]],
      ['us-central1', 'us-west1'],
    ),
    sku('0000-0000-0005', 'Prediction Ram running in Americas', 'GiBy.h', [[0, 0, 5_000_000]], ['us-central1']),
    sku('0000-0000-0006', 'Twin one', 'h', [[0, 1, 0]]),
    sku('0000-0000-0007', 'Twin two', 'h', [[0, 2, 0]]),
  ],
  [BIGQUERY]: [
    sku('0000-0000-0008', 'Analysis (us-central1)', 'TiBy', [
      [0, 0, 0],
      [1, 6, 500_000_000],
      [1000, 5, 0],
    ]),
    sku('0000-0000-0009', 'Analysis (europe-west3)', 'TiBy', [[0, 8, 0]], ['europe-west3']),
  ],
};

const named = (resource: string, unitPrice: string, catalog?: object[]) => ({
  resource,
  sku: resource,
  unitPrice,
  quality: 'assumed',
  source: 'Nobody',
  ...(catalog ? { catalog } : {}),
});
const BOOK = {
  name: 'mine',
  region: 'us-central1',
  effectiveDate: '2026-01-01',
  source: 'A test',
  currency: 'USD',
  meters: {
    'online-node-hour': {
      unit: 'node hour',
      description: 'Node',
      prices: [
        named('by-id', '0.94', [{ service: VERTEX, sku: '0000-0000-0001', usageUnit: 'h' }]),
        named('unnamed', '0.30'),
        named('nowhere', '0.31', [{ service: VERTEX, sku: '0000-0000-00FF', usageUnit: 'h' }]),
        named('elsewhere', '0.32', [{ service: VERTEX, sku: '0000-0000-0003', usageUnit: 'h' }]),
        named('twins', '0.33', [{ service: VERTEX, description: 'Twin', usageUnit: 'h' }]),
        named('other-unit', '0.34', [{ service: VERTEX, sku: '0000-0000-0001', usageUnit: 'mo' }]),
      ],
    },
    'online-storage-gib-month': {
      unit: 'GiB-month',
      description: 'Storage',
      prices: [named('month', '0.25', [{ service: VERTEX, sku: '0000-0000-0002', usageUnit: 'GiBy.h', times: '730' }])],
    },
    'machine-hour': {
      unit: 'node hour',
      description: 'Machine',
      prices: [
        named('n1-standard-4', '0.219', [
          { service: VERTEX, description: 'Prediction Core running in', usageUnit: 'h', times: '4' },
          { service: VERTEX, description: 'Prediction Ram running in', usageUnit: 'GiBy.h', times: '15' },
        ]),
      ],
    },
    'offline-scan-tib': {
      unit: 'TiB',
      description: 'Scan',
      prices: [
        named('tiered', '6.25', [{ service: BIGQUERY, description: 'Analysis (us-central1)', usageUnit: 'TiBy' }]),
      ],
    },
  },
};

let server: BillingServer;
beforeAll(async () => {
  // Without it the client looks for a metadata server before its first call.
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  server = await startBillingServer(CATALOG);
});
afterAll(() => {
  server.close();
  vi.unstubAllEnvs();
});

const clientOptions = () => ({ ...server.clientOptions, sslCreds: credentials.createInsecure(), projectId: 'test' });

async function update(book: object, ...options: string[]): Promise<{ folder: string; said: string }> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'mine.json'), JSON.stringify(book));
  vi.stubEnv('FEATUREGRAPH_PRICE_BOOKS', folder);
  let said = '';
  const command = pricesCommand({
    write: (text) => (said += text),
    clock,
    openCatalog: () => openGoogleCatalog(clientOptions()),
  });
  await command.parseAsync(['update', '--book', 'mine', ...options], { from: 'user' });
  return { folder, said };
}

describe('prices update', () => {
  it('writes a new edition with the prices of the catalog, and says what became of each', async () => {
    const { folder, said } = await update(BOOK);
    const [, edition] = await loadPriceBooks(folder).then((loaded) =>
      loaded
        .map(({ book }) => book)
        .filter(({ name }) => name === 'mine')
        .toSorted((one, other) => one.effectiveDate.localeCompare(other.effectiveDate)),
    );
    const prices = [...edition!.meters.values()].flatMap((meter) =>
      meter.prices.flatMap((price) =>
        price.kind === 'unit' ? [[price.resource, price.unitPrice.toFixed(), price.quality, price.source]] : [],
      ),
    );
    const official = ['official', 'Cloud Billing Catalog, 2026-11-24'];
    const kept = ['assumed', 'Nobody'];
    expect(edition).toMatchObject({ name: 'mine', effectiveDate: '2026-11-24', region: 'us-central1' });
    expect(prices).toEqual([
      ['by-id', '0.95', ...official],
      ['unnamed', '0.3', ...kept],
      ['nowhere', '0.31', ...kept],
      ['elsewhere', '0.32', ...kept],
      ['twins', '0.33', ...kept],
      ['other-unit', '0.34', ...kept],
      // 0.0004 an hour x 730
      ['month', '0.292', ...official],
      // 4 x 0.04 + 15 x 0.005
      ['n1-standard-4', '0.235', ...official],
      // The free tier and the discount are passed over.
      ['tiered', '6.5', ...official],
    ]);
    expect(said).toMatch(/unnamed .* kept: it names no SKU/);
    expect(said).toMatch(/nowhere .* kept: 0000-0000-00FF is not sold in us-central1/);
    expect(said).toMatch(/elsewhere .* kept: 0000-0000-0003 is not sold in us-central1/);
    expect(said).toMatch(/twins .* kept: "Twin" is 2 SKUs: 0000-0000-0006, 0000-0000-0007/);
    expect(said).toMatch(/other-unit .* kept: 0000-0000-0001 is priced per h, not per mo/);
    expect(said).toMatch(/by-id .*\$0\.94 .*\$0\.95 .*new/);
    expect(said).toContain('mine-2026-11-24.json is written.');
  });

  it('reads all pages of a service, once', async () => {
    const before = server.requests.length;
    await update(BOOK);
    const asked = server.requests.slice(before).map(({ parent, pageToken }) => [parent, pageToken === undefined]);
    expect(asked).toEqual([
      [VERTEX, true],
      [VERTEX, false],
      [VERTEX, false],
      [VERTEX, false],
      [BIGQUERY, true],
    ]);
  });

  it('leaves the edition before as it was, and is refreshed itself by the next', async () => {
    const { folder } = await update(BOOK);
    expect(JSON.parse(readFileSync(join(folder, 'mine.json'), 'utf8'))).toEqual(BOOK);
    const edition = JSON.parse(readFileSync(join(folder, 'mine-2026-11-24.json'), 'utf8')) as object;
    const again = await update(edition);
    expect(again.said).toMatch(/by-id .*the same/);
  });

  it('writes nothing when no price is found', async () => {
    const book = { ...BOOK, meters: { 'machine-hour': { ...BOOK.meters['machine-hour'], prices: [named('x', '1')] } } };
    await expect(update(book)).rejects.toThrow('No price was found in the Cloud Billing Catalog');
  });

  it('says that the catalog did not answer', async () => {
    const price = named('x', '1', [{ service: 'services/0000-0000-0000', sku: '0000-0000-0001', usageUnit: 'h' }]);
    const book = { ...BOOK, meters: { 'machine-hour': { ...BOOK.meters['machine-hour'], prices: [price] } } };
    await expect(update(book)).rejects.toThrow(
      /did not give the prices of services\/0000-0000-0000: .*no such service/,
    );
  });
});

describe('prices update --region', () => {
  it('makes a book of another region, of the prices that the catalog has there, and leaves out all others', async () => {
    const { folder, said } = await update(BOOK, '--region', 'europe-west3');
    const books = (await loadPriceBooks(folder)).map(({ book }) => book);
    const regional = books.find(({ name }) => name === 'mine-europe-west3')!;
    expect(regional).toMatchObject({
      region: 'europe-west3',
      effectiveDate: '2026-11-24',
      source: 'Cloud Billing Catalog, 2026-11-24',
    });
    const prices = [...regional.meters.values()].flatMap((meter) =>
      meter.prices.map((price) => [
        meter.name,
        price.resource,
        price.kind === 'unit' ? price.unitPrice.toFixed() : null,
      ]),
    );
    // Frankfurt sells one SKU of the book, and describes its queries by its own name.
    expect(prices).toEqual([
      ['online-node-hour', 'elsewhere', '9'],
      ['offline-scan-tib', 'tiered', '8'],
    ]);
    expect(said).toMatch(/by-id .* left out: 0000-0000-0001 is not sold in europe-west3/);
    expect(said).toContain('mine-europe-west3-2026-11-24.json is written.');
  });
});

describe('the test server', () => {
  const ask = async (request: object) => {
    const client = new CloudCatalogClient(clientOptions());
    return client.listSkus(request, { autoPaginate: false }).finally(() => client.close());
  };

  it.each([
    ['no parent', { currencyCode: 'USD', pageSize: 10 }, /parent/],
    ['another currency', { parent: VERTEX, currencyCode: 'EUR', pageSize: 10 }, /currency_code/],
    ['no page size', { parent: VERTEX, currencyCode: 'USD' }, /page_size/],
    ['a made-up token', { parent: VERTEX, currencyCode: 'USD', pageSize: 10, pageToken: 'x' }, /page_token/],
  ])('refuses %s', async (_title, request, says) => {
    await expect(ask(request)).rejects.toThrow(says);
  });

  it('refuses fields that are not in the proto', async () => {
    const { makeClientConstructor } = await import('@grpc/grpc-js');
    const Raw = makeClientConstructor(
      {
        list: {
          path: '/google.cloud.billing.v1.CloudCatalog/ListSkus',
          requestStream: false,
          responseStream: false,
          requestSerialize: (bytes: Buffer) => bytes,
          requestDeserialize: (bytes: Buffer) => bytes,
          responseSerialize: (bytes: Buffer) => bytes,
          responseDeserialize: (bytes: Buffer) => bytes,
        },
      },
      'CloudCatalog',
    );
    const client = new Raw(`127.0.0.1:${server.clientOptions.port}`, credentials.createInsecure()) as any;
    // Field 15, of the type of a number, with the value 1.
    const error = await new Promise<Error>((resolve) => client.list(Buffer.from([0x78, 0x01]), resolve));
    client.close();
    expect(error.message).toMatch(/fields that are not in the proto/);
  });
});
