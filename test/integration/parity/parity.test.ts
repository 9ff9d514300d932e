import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { FeatureRow } from '../../../datasources/offline/offline-store.js';
import type { RawValue } from '../../../values/value-type.js';
import { VALUES_OF_EVERY_TYPE } from '../../support/every-value-type.js';
import { startStoreGateway, type StoreGateway } from '../../support/store-gateway.js';
import { createTable, describeWithBigtable, startBigtableEmulator } from '../../support/google/bigtable-emulator.js';
import { bigQuerySettings, startBigQuery } from '../../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { NOW, row, smallRegistry, findSource, T } from '../../support/small-registry.js';

const OPERATIONS = join(import.meta.dirname, 'operations');
const operations = readdirSync(OPERATIONS)
  .filter((file) => file.endsWith('.graphql'))
  .map((file) => file.replace('.graphql', ''));

const ORDERS = [
  row('c1', -20, { orders_7d: 9_007_199_254_740_993n, mean_basket: 12.5 }),
  row('c1', -15, { orders_7d: null, city: 'Zürich' }),
  row('c1', -5, { orders_7d: 7n }),
  row('c2', -500, { orders_7d: 1n, city: 'Bern' }),
  row('c3', -10, { orders_7d: null, mean_basket: null, city: null }),
  row('c4', -100, { orders_7d: 4n, mean_basket: 0, city: '' }),
  row('c5', -100.000001, { orders_7d: 5n }),
  ...Array.from({ length: 8 }, (_, index) => row('c6', -10 + index, { orders_7d: BigInt(index) })),
  row('c7', -8, { orders_7d: 1n }),
  row('c7', -8, { orders_7d: 2n }),
  ...['Zürich ✈ 東京', 'a/b#c@d', `quote ' " \\ ; --`, '#', ' c1'].map((id) => row(id, -3, { city: `of ${id}` })),
];
const VISITS = [
  row('c1,a%2Cb', -30, { seconds: 1.5 }),
  row('c1,a', -20, { seconds: 2 }),
  row('c3,a', -20, { seconds: 3 }),
  row('c3,a', -5, { seconds: null }),
];
const BORN: FeatureRow[] = [{ ...row('c1', 0, { born: T(-1e9) + 1n }), timestamp: null }];

/** An entity has the first value of each type, another the second; where a type has fewer, none. */
const SAMPLES = Array.from({ length: 8 }, (_, index) => {
  const values: Record<string, RawValue> = {};
  for (const [name, ofType] of Object.entries(VALUES_OF_EVERY_TYPE)) {
    const value = (ofType as readonly RawValue[])[index];
    if (value !== undefined) values[name] = value;
  }
  return row(`s${index}`, -30 + index, values);
});

describeWithBigtable('the same questions', () => {
  describeWithGoogleSql('to a gateway on one machine and to one on Google Cloud', () => {
    let emulator: Awaited<ReturnType<typeof startBigtableEmulator>>;
    let bigQuery: Awaited<ReturnType<typeof startBigQuery>>;
    let embedded: StoreGateway;
    let onGoogleCloud: StoreGateway;

    beforeAll(async () => {
      emulator = await startBigtableEmulator();
      bigQuery = await startBigQuery(() => NOW);
      vi.stubEnv('BIGTABLE_EMULATOR_HOST', emulator.endpoint);
      vi.stubEnv('BIGQUERY_EMULATOR_HOST', `${bigQuery.endpoint}/bigquery/v2`);
      const onlineStore = await createTable(emulator.endpoint);
      embedded = await startStoreGateway(smallRegistry());
      onGoogleCloud = await startStoreGateway(smallRegistry({ onlineStore, offlineStore: bigQuerySettings() }));
      for (const gateway of [embedded, onGoogleCloud]) {
        await gateway.write(findSource(gateway, 'shop', 'customer'), ORDERS);
        await gateway.write(findSource(gateway, 'shop', 'customer', 1), BORN);
        await gateway.write(findSource(gateway, 'shop', 'visit'), VISITS);
        await gateway.write(findSource(gateway, 'lab', 'sample'), SAMPLES);
      }
    });
    afterAll(async () => {
      vi.unstubAllEnvs();
      await embedded.close();
      await onGoogleCloud.close();
      await bigQuery.stop();
      await emulator.stop();
    });

    /** All a client gets, but for the id of the request. */
    const answerOf = async (gateway: StoreGateway, operation: string) => {
      const query = readFileSync(join(OPERATIONS, `${operation}.graphql`), 'utf8');
      const variables = readVariables(operation);
      const { status, data, errors } = await gateway.ask(query, variables);
      const told = errors?.map(({ extensions, ...error }) => ({
        ...error,
        extensions: { ...extensions, requestId: undefined },
      }));
      return { status, data, errors: told };
    };

    it('are of stores that are really two', () => {
      const kinds = [embedded, onGoogleCloud].map(({ services: { registry }, stores }) => {
        const featurestore = registry.featurestore('shop');
        return [stores.online(featurestore), stores.offline(featurestore)].map((store) => store.constructor.name);
      });
      expect(kinds).toEqual([
        ['LmdbOnlineStore', 'DuckDbOfflineStore'],
        ['BigtableOnlineStore', 'BigQueryOfflineStore'],
      ]);
      expect(operations.length).toBeGreaterThanOrEqual(30);
    });

    it.each(operations)('get the same answer: %s', async (operation) => {
      const expected = await answerOf(embedded, operation);
      expect(await answerOf(onGoogleCloud, operation)).toEqual(expected);
      if (!operation.startsWith('error')) expect(expected.errors).toBeUndefined();
    });
  });
});

function readVariables(operation: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(join(OPERATIONS, `${operation}.variables.json`), 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
