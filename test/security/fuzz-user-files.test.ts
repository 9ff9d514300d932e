import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bounded, expectNoLeak, mutatedBytes } from '../support/fuzz.js';
import { startPolicedGateway, type PolicedGateway } from '../support/policed-gateway.js';

const LABELS = Array.from({ length: 20 }, (_, row) => ({
  entity_id: `acme:${row}`,
  timestamp: '2002-01-01T00:00:00Z',
  label: row * 1.5,
  note: row % 3 === 0 ? 'a "quoted", text' : 'é',
}));

let shop: PolicedGateway;
/** Whole files, by format. */
const whole = new Map<string, Buffer>();
let folder: string;

beforeAll(async () => {
  shop = await startPolicedGateway();
  folder = join(shop.folder, 'data/files');
  mkdirSync(folder, { recursive: true });
  const lines = LABELS.map((row) => JSON.stringify(row)).join('\n');
  writeFileSync(join(folder, 'whole.jsonl'), lines);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = `SELECT * FROM read_json('${join(folder, 'whole.jsonl')}', columns = {entity_id: 'VARCHAR', timestamp: 'TIMESTAMPTZ', label: 'DOUBLE', note: 'VARCHAR'})`;
  for (const format of ['csv', 'parquet']) {
    await connection.run(`COPY (${rows}) TO '${join(folder, `whole.${format}`)}' (FORMAT ${format})`);
  }
  connection.closeSync();
  instance.closeSync();
  for (const format of ['csv', 'jsonl', 'parquet']) whole.set(format, readFileSync(join(folder, `whole.${format}`)));
});
afterAll(() => shop.close());

const preview = (path: string) =>
  shop.ask('admin', 'query ($input: TrainingSetInput!) { trainingSetPreview(input: $input) { rows columns } }', {
    input: { featurestore: 'shop', entityType: 'customer', features: ['city'], labels: { source: { file: { path } } } },
  });

describe.each(['csv', 'jsonl', 'parquet'])('a damaged file of a user: %s', (format) => {
  it('is read whole before it is damaged', async () => {
    const { data, errors } = await preview(`whole.${format}`);
    expect([errors, data.trainingSetPreview?.columns]).toEqual([
      undefined,
      expect.arrayContaining(['entity_id', 'timestamp', 'label', 'city']),
    ]);
  });

  it('is read, or refused with what is wrong, while the gateway goes on answering', () =>
    bounded(
      fc.asyncProperty(mutatedBytes(whole.get(format)!), async (bytes) => {
        writeFileSync(join(folder, `damaged.${format}`), bytes);
        const [read, other] = await Promise.all([preview(`damaged.${format}`), shop.ask('ann', '{ viewer { name } }')]);
        expectNoLeak(read.text);
        expect(read.text).not.toContain(shop.folder);
        expect(other.data).toEqual({ viewer: { name: 'key:ann' } });
      }),
    ));
});
