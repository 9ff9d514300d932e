import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it, onTestFinished } from 'vitest';
import { ask } from '../support/ask.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const BEFORE = `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources: [{ name: notes, features: [{ name: note, valueType: INT64 }] }]
`;
const AFTER = `
featurestores:
  - name: shop
    entityTypes:
      - name: client
        renamedFrom: customer
        sources:
          [{ name: remarks, renamedFrom: notes, features: [{ name: remark, renamedFrom: note, valueType: INT64 }] }]
`;
const WRITE =
  'mutation ($input: WriteFeatureValuesInput!) { writeFeatureValues(input: $input) { written userErrors { message } } }';
const ROWS = 50;
/** A kill can come after the rows moved to DuckDB: then it is repeated. */
const MAX_KILLS = 20;

async function countStored(data: string): Promise<number> {
  const duckdb = await DuckDBInstance.create(join(data, 'offline.duckdb'));
  try {
    const connection = await duckdb.connect();
    const counted = await connection.runAndReadAll('SELECT count(*) FROM shop."customer.notes"');
    // An open connection keeps the lock of the file.
    connection.closeSync();
    return Number(counted.getRows()[0]![0]);
  } finally {
    duckdb.closeSync();
  }
}

it('moves rows that wait for DuckDB by old names, after a kill and a start with the new names', async () => {
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  const serve = async (yaml: string): Promise<GatewayProcess> => {
    writeFileSync(join(folder, 'registry.yaml'), yaml);
    const gateway = await startGatewayProcess({
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: data,
    });
    onTestFinished(() => void gateway.child.kill('SIGKILL'));
    return gateway;
  };
  let written = 0;
  let waiting = 0;
  for (let kills = 0; waiting === 0 && kills < MAX_KILLS; kills += 1) {
    const gateway = await serve(BEFORE);
    const rows = Array.from({ length: ROWS }, (_, index) => ({
      entityType: 'customer',
      entityId: `c${index}`,
      timestamp: new Date(Date.parse('2001-01-01T00:00:00Z') + kills * 1000).toISOString(),
      values: [{ feature: 'note', value: String(kills) }],
    }));
    const { writeFeatureValues } = await ask(gateway.url, WRITE, { input: { featurestore: 'shop', rows } });
    await gateway.kill();
    expect(writeFeatureValues).toEqual({ written: ROWS, userErrors: [] });
    written += ROWS;
    waiting = written - (await countStored(data));
  }
  // Otherwise the test would show nothing of rows that wait.
  expect(waiting).toBeGreaterThan(0);

  const gateway = await serve(AFTER);
  const newest = String(written / ROWS - 1);
  const { now, then } = await ask(
    gateway.url,
    `query ($ids: [ID!]!) {
       now: entities(featurestore: "shop", entityType: "client", entityIds: $ids) { features { name value } }
       then: entities(featurestore: "shop", entityType: "client", entityIds: $ids, asOf: "2001-06-01T00:00:00Z") {
         features { name value }
       }
     }`,
    { ids: Array.from({ length: ROWS }, (_, index) => `c${index}`) },
  );
  const expected = Array.from({ length: ROWS }, () => ({ features: [{ name: 'remark', value: newest }] }));
  expect(now).toEqual(expected);
  expect(then).toEqual(expected);
  await gateway.stop();
}, 300_000);
