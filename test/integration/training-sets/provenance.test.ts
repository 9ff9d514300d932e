import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { TrainingSetRequest } from '../../../training-sets/training-sets.js';
import { CUSTOMER, openShop, REQUEST } from '../../support/shop-history.js';

const ROWS = [
  { who: 'ann', at: '2001-09-09T01:47:29Z', note: "it's {a: 1}" },
  { who: 'bob', at: '2001-09-09T01:47:30Z', note: null },
];
const request = (rows: readonly Record<string, unknown>[] = ROWS): TrainingSetRequest => ({
  ...REQUEST,
  joins: [CUSTOMER],
  labels: { kind: 'INLINE', rows, timeColumn: 'at' },
});

it('says in the job and in the Parquet file what a training set was made of', async () => {
  const { make, files, query } = await openShop();
  const { result } = await make(request());
  const path = join(files, result!.output.location);
  const { checksum, ...facts } = result!.provenance!;
  expect(checksum).toBe(`sha256:${createHash('sha256').update(readFileSync(path)).digest('hex')}`);
  expect(facts.features[0]).toEqual({
    column: 'orders_7d',
    featurestore: 'shop',
    entityType: 'customer',
    feature: 'orders_7d',
    ttlMicroseconds: '100000000',
  });
  const metadata = await query(
    `SELECT decode(value) AS value FROM parquet_kv_metadata('${path}') WHERE decode(key) = 'featuregraph'`,
  );
  expect(JSON.parse(String(metadata[0]?.value))).toEqual(facts);
});

it('gives the checksum of a CSV file, and none of a table', async () => {
  const { make, files } = await openShop();
  const csv = await make(request(), { output: { format: 'CSV', location: null } });
  const bytes = readFileSync(join(files, csv.result!.output.location));
  expect(csv.result!.provenance!.checksum).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  const table = await make(request(), { output: { format: 'TABLE', location: null } });
  expect(table.result!.provenance!.checksum).toBeNull();
});

it('is beside a CSV file, which has no place for it', async () => {
  const { make, files } = await openShop();
  const { result } = await make(request(), { output: { format: 'CSV', location: 'sets/june.csv' } });
  expect(readdirSync(join(files, 'sets')).toSorted()).toEqual(['june.csv', 'june.csv.provenance.json']);
  expect(JSON.parse(readFileSync(join(files, 'sets/june.csv.provenance.json'), 'utf8'))).toEqual(result!.provenance);
  const parquet = await make(request(), { output: { format: 'PARQUET', location: 'sets/june.parquet' } });
  expect(existsSync(join(files, `${parquet.result!.output.location}.provenance.json`))).toBe(false);
});

it('is never written over a file that is there', async () => {
  const { make, files } = await openShop();
  const path = join(files, 'july.csv.provenance.json');
  writeFileSync(path, 'mine');
  await expect(make(request(), { output: { format: 'CSV', location: 'july.csv' } })).rejects.toMatchObject({
    details: { field: 'output.location' },
    message: expect.stringContaining('"july.csv.provenance.json"'),
  });
  expect(readFileSync(path, 'utf8')).toBe('mine');
});

it('has the same digests for the same labels and registry, and others for others', async () => {
  const { make } = await openShop();
  const provenanceOf = async (changed: TrainingSetRequest) => (await make(changed)).result!.provenance!;
  const first = await provenanceOf(request());
  const again = await provenanceOf(request());
  expect(again).toEqual(first);
  const swapped = await provenanceOf(request(ROWS.toReversed()));
  const changed = await provenanceOf(request([ROWS[0]!, { ...ROWS[1], note: 'null' }]));
  const renamed = await provenanceOf(request(ROWS.map(({ who, at, note }) => ({ who, at, memo: note }))));
  const digests = [first, swapped, changed, renamed].map(({ labelsDigest }) => labelsDigest);
  expect(new Set(digests).size).toBe(4);
  const fewer = await provenanceOf({ ...request(), joins: [{ ...CUSTOMER, features: CUSTOMER.features.slice(0, 1) }] });
  expect(fewer.registryDigest).not.toBe(first.registryDigest);
  expect(fewer.labelsDigest).toBe(first.labelsDigest);
});
