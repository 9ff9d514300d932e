import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it, onTestFinished } from 'vitest';
import { askAlone } from '../support/ask-alone.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { canMount, fillDisk, mountSmallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { WRITE_VALUES, writtenShop } from '../support/written-shop.js';

const REGISTRY = writtenShop('notes', '{ name: note, valueType: STRING }');
const READ = `{ entity(featurestore: "shop", entityType: "customer", entityId: "0") { features { value } } }`;
const NOTE = 'n'.repeat(20_000);

it.skipIf(!canMount())(
  'on a full disk, a write fails in a way that can be repeated, reads go on, and nothing acknowledged is lost (needs root, for a small tmpfs)',
  async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    mountSmallDisk(data, 16);
    writeFileSync(join(folder, 'registry.yaml'), REGISTRY);
    const gateway = await startGatewayProcess({
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: data,
    });
    onTestFinished(() => void gateway.child.kill('SIGKILL'));
    const send = (query: string, variables: object = {}): Promise<any> => askAlone(gateway.url, query, variables);
    const write = (number: number): Promise<any> =>
      send(WRITE_VALUES, {
        input: {
          featurestore: 'shop',
          rows: Array.from({ length: 10 }, (_, index) => ({
            entityType: 'customer',
            entityId: String(index),
            timestamp: new Date(1_000_000_000_000 + number * 1000).toISOString(),
            values: [{ feature: 'note', value: `${number} ${NOTE}` }],
          })),
        },
      });
    let acknowledged = 0;
    const isWritten = ({ data, errors }: any): boolean => {
      if (errors) {
        expect(errors.map(({ extensions }: any) => extensions.code)).toEqual(['STORE_UNAVAILABLE']);
        return false;
      }
      expect(data.writeFeatureValues.userErrors).toEqual([]);
      acknowledged += 1;
      return true;
    };

    expect(isWritten(await write(0))).toBe(true);
    const ballast = join(data, 'ballast');
    fillDisk(ballast);
    while (isWritten(await write(acknowledged))) expect(acknowledged).toBeLessThan(1000);
    const served = await send(READ);
    expect(served.errors).toBeUndefined();
    expect(served.data.entity.features[0].value).toMatch(/^\d+ n/);

    rmSync(ballast);
    await until(async () => isWritten(await write(acknowledged)));
    const [number] = (await send(READ)).data.entity.features[0].value.split(' ');
    expect(Number(number)).toBe(acknowledged - 1);
    expect(await gateway.stop()).toBe(0);

    const duckdb = await DuckDBInstance.create(join(data, 'offline.duckdb'));
    const connection = await duckdb.connect();
    const [counts] = (
      await connection.runAndReadAll(
        `SELECT count(*) AS rows, count(DISTINCT (entity_id, event_timestamp)) AS moments FROM shop."customer.notes"`,
      )
    ).getRowObjectsJson();
    connection.closeSync();
    duckdb.closeSync();
    console.log(`full disk: ${acknowledged * 10} rows acknowledged, ${JSON.stringify(counts!.rows)} in history`);
    expect(counts).toEqual({ rows: String(acknowledged * 10), moments: String(acknowledged * 10) });
  },
  120_000,
);
