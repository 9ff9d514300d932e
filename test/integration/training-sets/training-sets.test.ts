import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LabelSource } from '../../../training-sets/training-sets.js';
import { NO_LIMIT, openTrainingSets } from '../../support/training-set-dependencies.js';
import { CUSTOMER, openShop, REQUEST, SHOP, writeShopHistory } from '../../support/shop-history.js';

/** Of NOW, 2001-09-09T01:46:40Z: 49, 50, 50, 300 and 30 seconds after it; two labels say too little. */
const ROWS = [
  { who: 'ann', page: 'home,1', at: '2001-09-09T01:47:29Z', weight: 1 },
  { who: 'ann', page: 'home,1', at: '2001-09-09T03:47:30+02:00', weight: 2.5 },
  { who: 'ann', page: 'home,1', at: '2001-09-09T01:47:30.000000Z', weight: 2.5 },
  { who: 'bob', page: null, at: '2001-09-09T01:51:40Z', weight: null },
  { who: null, page: 'x', at: '2001-09-09T01:47:10Z', weight: 4 },
  { who: 'ann', page: 'x', at: null, weight: 5 },
];
const INLINE: LabelSource = { kind: 'INLINE', rows: ROWS, timeColumn: 'at' };
const COLUMNS = ['who', 'page', 'at', 'weight', 'orders_7d', 'mean_basket', 'city', 'born', 'visit_seconds'];
const NOTHING = { orders_7d: null, mean_basket: null, city: null, born: null, visit_seconds: null };
const EXPECTED = [
  { ...ROWS[0], orders_7d: '1', mean_basket: 10.5, city: 'Bern', born: '2001-08-28T12:00:00Z', visit_seconds: 3.5 },
  { ...ROWS[1], orders_7d: '2', mean_basket: 10.5, city: 'Bern', born: '2001-08-28T12:00:00Z', visit_seconds: 3.5 },
  { ...ROWS[2], orders_7d: '2', mean_basket: 10.5, city: 'Bern', born: '2001-08-28T12:00:00Z', visit_seconds: 3.5 },
  { ...ROWS[3], ...NOTHING },
  { ...ROWS[4], ...NOTHING },
  { ...ROWS[5], ...NOTHING },
];

describe('a preview', () => {
  it('gives each label its row, in order, with its columns and what was known at its time', async () => {
    const { trainingSets } = await openShop();
    const { columns, rows } = await trainingSets.preview({ ...REQUEST, labels: INLINE }, 100, NO_LIMIT);
    expect(columns).toEqual(COLUMNS);
    expect(rows).toEqual(EXPECTED);
  });

  it('validates all labels, however few rows it shows', async () => {
    const { trainingSets } = await openShop();
    const { rows, validation } = await trainingSets.preview({ ...REQUEST, labels: INLINE }, 1, NO_LIMIT);
    expect(rows).toHaveLength(1);
    expect(validation).toMatchObject({
      labelRows: 6n,
      joinedRows: 6n,
      leakedRows: 0n,
      verifiedRows: 6n,
      unmatchedRows: 2n,
      expiredValues: 2n,
      invalidLabels: 3n,
    });
    expect(validation.featureCoverage.slice(0, 3)).toEqual([
      { column: 'orders_7d', present: 3n, nulls: 0n, notFound: 2n, expired: 1n },
      { column: 'mean_basket', present: 3n, nulls: 0n, notFound: 2n, expired: 1n },
      { column: 'city', present: 3n, nulls: 1n, notFound: 2n, expired: 0n },
    ]);
    expect(validation.offendingRows).toEqual([
      { row: 3n, kind: 'INVALID', reason: 'no id in who, page' },
      { row: 4n, kind: 'INVALID', reason: 'no id in who' },
      { row: 5n, kind: 'INVALID', reason: 'no time in at' },
      { row: 4n, kind: 'UNMATCHED', reason: 'no feature was known of it at its time' },
      { row: 5n, kind: 'UNMATCHED', reason: 'no feature was known of it at its time' },
    ]);
  });

  it('keeps to the options: a ttl of its own, strictly before, times beside the values', async () => {
    const { trainingSets } = await openShop();
    const request = { ...REQUEST, joins: [{ ...CUSTOMER, features: CUSTOMER.features.slice(0, 2) }], labels: INLINE };
    const any = await trainingSets.preview({ ...request, ttl: null, withTimestamps: true }, 6, NO_LIMIT);
    expect(any.rows[3]).toMatchObject({ orders_7d: '5', orders_7d__timestamp: '2001-09-09T01:46:50Z' });
    expect(any.rows[1]).toMatchObject({
      orders_7d__timestamp: '2001-09-09T01:47:30Z',
      mean_basket__timestamp: '2001-09-09T01:46:40Z',
    });
    expect(any.validation).toMatchObject({ leakedRows: 0n, expiredValues: 0n });
    const options = { strictlyBefore: true, knownAtLabelTime: false };
    const strict = await trainingSets.preview({ ...request, options }, 6, NO_LIMIT);
    expect(strict.rows[1]).toMatchObject({ orders_7d: '1' });
    expect(strict.validation.leakedRows).toBe(0n);
    const known = await trainingSets.preview(
      { ...request, options: { ...options, knownAtLabelTime: true } },
      6,
      NO_LIMIT,
    );
    // Of the rows, only bob's has a creation time.
    expect(known.validation).toMatchObject({ leakedRows: 0n, unmatchedRows: 5n });
  });

  it('refuses more labels than a preview takes', async () => {
    const { trainingSets, files, query } = await openShop();
    await query(`COPY (SELECT 'ann' AS who, '' AS page, now() AS at FROM range(10001)) TO '${files}/many.parquet'`);
    const labels = { kind: 'FILE', file: 'many.parquet', format: 'PARQUET', timeColumn: 'at' } as const;
    await expect(trainingSets.preview({ ...REQUEST, labels }, 1, NO_LIMIT)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'labels' },
    });
  });
});

describe('rows that are acknowledged and not in the database yet', () => {
  const openUndrained = async () => {
    const world = await openTrainingSets(SHOP.featurestores);
    let isDrained = false;
    world.offline.database.beforeUse = async () => {
      if (isDrained) return;
      isDrained = true;
      await writeShopHistory(world.offline);
    };
    return world;
  };

  it('are in a preview', async () => {
    const { trainingSets } = await openUndrained();
    expect((await trainingSets.preview({ ...REQUEST, labels: INLINE }, 100, NO_LIMIT)).rows).toEqual(EXPECTED);
  });

  it('are in the training set of a job', async () => {
    const { make } = await openUndrained();
    const { result } = await make({ ...REQUEST, labels: INLINE });
    expect(result?.validation).toMatchObject({ joinedRows: 6n, unmatchedRows: 2n });
  });
});

describe('labels in a file or table', () => {
  const AS_TABLE = `(VALUES
    ('ann', 'home,1', TIMESTAMP '2001-09-09 01:47:29', 1.0), ('ann', 'home,1', TIMESTAMP '2001-09-09 01:47:30', 2.5),
    ('ann', 'home,1', TIMESTAMP '2001-09-09 01:47:30', 2.5), ('bob', NULL, TIMESTAMP '2001-09-09 01:51:40', NULL),
    (NULL, 'x', TIMESTAMP '2001-09-09 01:47:10', 4.0), ('ann', 'x', NULL, 5.0)) AS labels(who, page, "at", weight)`;
  const values = EXPECTED.map(({ orders_7d, mean_basket, city, visit_seconds }) => ({
    orders_7d,
    mean_basket,
    city,
    visit_seconds,
  }));
  const CSV = `who,page,at,weight
ann,"home,1",2001-09-09T01:47:29Z,1
ann,"home,1",2001-09-09T03:47:30+02:00,2.5
ann,"home,1",2001-09-09T01:47:30.000000Z,2.5
bob,,2001-09-09T01:51:40Z,
,x,2001-09-09T01:47:10Z,4
ann,x,,5
`;

  it.each([
    ['a Parquet file with TIMESTAMP', 'PARQUET', `SELECT * FROM ${AS_TABLE}`],
    ['a Parquet file with zones', 'PARQUET', `SELECT * REPLACE ("at"::TIMESTAMPTZ AS "at") FROM ${AS_TABLE}`],
    ['a Parquet file with milliseconds', 'PARQUET', `SELECT * REPLACE ("at"::TIMESTAMP_MS AS "at") FROM ${AS_TABLE}`],
    ['a CSV file', 'CSV', CSV],
    ['a JSONL file', 'JSONL', ROWS.map((row) => JSON.stringify(row)).join('\n')],
  ] as const)('are read from %s', async (_what, format, content) => {
    const { trainingSets, files, query } = await openShop();
    if (format === 'PARQUET') await query(`COPY (${content}) TO '${files}/labels' (FORMAT parquet)`);
    else writeFileSync(join(files, 'labels'), content);
    const labels = { kind: 'FILE', file: 'labels', format, timeColumn: 'at' } as const;
    const { rows, validation } = await trainingSets.preview({ ...REQUEST, labels }, 100, NO_LIMIT);
    expect(
      rows.map(({ orders_7d, mean_basket, city, visit_seconds }) => ({ orders_7d, mean_basket, city, visit_seconds })),
    ).toEqual(values);
    expect(validation).toMatchObject({ leakedRows: 0n, invalidLabels: 3n });
  });

  it('are read from a table of the offline store, and not from its own notes', async () => {
    const { trainingSets, query } = await openShop();
    await query(`CREATE TABLE shop.labels AS SELECT * FROM ${AS_TABLE}`);
    const labels = { kind: 'TABLE', table: 'shop.labels', timeColumn: 'at' } as const;
    const { rows } = await trainingSets.preview({ ...REQUEST, labels }, 100, NO_LIMIT);
    expect(rows.map(({ orders_7d }) => orders_7d)).toEqual(values.map(({ orders_7d }) => orders_7d));
    const notes = { ...labels, table: '$featuregraph.imports' };
    await expect(trainingSets.preview({ ...REQUEST, labels: notes }, 1, NO_LIMIT)).rejects.toMatchObject({
      code: 'TABLE_NOT_FOUND',
    });
  });

  it('keep ids as they are written: 05 is not 5', async () => {
    const { trainingSets, files, offline } = await openShop();
    const [orders] = CUSTOMER.entityType.sources;
    await offline.append(orders!, [
      { entityId: '05', timestamp: 0n, values: new Map([['orders_7d', 50n]]) },
      { entityId: '5', timestamp: 0n, values: new Map([['orders_7d', 5n]]) },
    ]);
    writeFileSync(join(files, 'labels.csv'), 'who,at\n05,1970-01-01T00:00:01Z\n5,1970-01-01T00:00:01Z\n');
    const labels = { kind: 'FILE', file: 'labels.csv', format: 'CSV', timeColumn: 'at' } as const;
    const { rows } = await trainingSets.preview({ ...REQUEST, joins: [CUSTOMER], labels }, 100, NO_LIMIT);
    expect(rows).toMatchObject([
      { who: '05', orders_7d: '50' },
      { who: '5', orders_7d: '5' },
    ]);
  });
});

describe('what cannot be made', () => {
  const label = { who: 'ann', page: 'x', at: '2001-09-09T01:47:29Z' };
  it.each([
    [
      'a time without a zone',
      { rows: [label, { ...label, at: '2001-09-09T01:47:29' }] },
      'labels.source.rows[1].at',
      'zone',
    ],
    ['a time that is none', { rows: [label, label, { ...label, at: 'soon' }] }, 'labels.source.rows[2].at', 'RFC 3339'],
    [
      'a time finer than a microsecond',
      { rows: [{ ...label, at: '2001-09-09T01:47:29.0000001Z' }] },
      'labels.source.rows[0].at',
      'finer',
    ],
    ['a time that is a number', { rows: [{ ...label, at: 12 }] }, 'labels.timeColumn', 'BIGINT'],
    [
      'values of two kinds in a column',
      { rows: [label, { ...label, page: 1 }] },
      'labels.source.rows[1].page',
      'Label 1',
    ],
    ['a nested value', { rows: [{ ...label, more: { a: 1 } }] }, 'labels.source.rows[0].more', 'strings'],
    [
      'an id with half a character',
      { rows: [label, { ...label, who: 'a\ud800' }] },
      'labels.source.rows[1].who',
      'Unicode',
    ],
    ['a text with half a character', { rows: [{ ...label, more: '\udc00' }] }, 'labels.source.rows[0].more', 'Unicode'],
    [
      'a column named by half a character',
      { rows: [{ ...label, '\ud800': 1 }] },
      'labels.source.rows',
      'name of a column',
    ],
    ['no labels', { rows: [] }, 'labels.source.rows', 'no labels'],
    ['a missing time column', { rows: [label], timeColumn: 'when' }, 'labels.timeColumn', 'who, page, at'],
    ['a missing id column', { rows: [{ at: label.at, page: 'x' }] }, 'joins[0].entityIdColumns', '"who"'],
    ['an id that has no one text', { rows: [{ ...label, who: 0.5 }] }, 'joins[0].entityIdColumns', 'DOUBLE'],
    ['a column called as row numbers are', { rows: [{ ...label, file_row_number: 1 }] }, 'labels', 'Rename'],
    ['two columns of one name', { rows: [{ ...label, City: 'x' }] }, 'joins', 'column "City" of the labels'],
  ])('%s is refused before anything is started, with the field', async (_what, labels, field, words) => {
    const { trainingSets, engine, make } = await openShop();
    const source: LabelSource = { kind: 'INLINE', timeColumn: 'at', ...labels };
    const fault = { code: 'BAD_USER_INPUT', details: { field }, message: expect.stringContaining(words) };
    await expect(trainingSets.preview({ ...REQUEST, labels: source }, 1, NO_LIMIT)).rejects.toMatchObject(fault);
    await expect(make({ ...REQUEST, labels: source })).rejects.toMatchObject(fault);
    expect(await engine.list({ filter: {}, before: null, limit: 1 })).toEqual([]);
  });

  it('refuses times of a file finer than a microsecond', async () => {
    const { trainingSets, files, query } = await openShop();
    await query(
      `COPY (SELECT 'ann' AS who, 'x' AS page, TIMESTAMP_NS '2001-01-01 00:00:00.000000001' AS at) TO '${files}/fine.parquet'`,
    );
    const labels = { kind: 'FILE', file: 'fine.parquet', format: 'PARQUET', timeColumn: 'at' } as const;
    await expect(trainingSets.preview({ ...REQUEST, labels }, 1, NO_LIMIT)).rejects.toMatchObject({
      details: { field: 'labels.source.file.path' },
      message: expect.stringContaining('finer than a microsecond'),
    });
  });

  it('says that a file is of another format, and not where it lies', async () => {
    const { trainingSets, files } = await openShop();
    writeFileSync(join(files, 'labels.parquet'), 'who,at\n');
    const labels = { kind: 'FILE', file: 'labels.parquet', format: 'PARQUET', timeColumn: 'at' } as const;
    const fault = await trainingSets.preview({ ...REQUEST, labels }, 1, NO_LIMIT).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'labels.source.file.path' } });
    expect(String(fault)).not.toContain(files);
  });

  it.each([
    ['JSONL', String.raw`{"who":"\ud800","page":"x","at":"2001-09-09T01:47:29Z"}`],
    [
      'CSV',
      Buffer.concat([
        Buffer.from('who,page,at\n'),
        Buffer.from([0xed, 0xa0, 0x80]),
        Buffer.from(',x,2001-09-09T01:47:29Z\n'),
      ]),
    ],
  ] as const)('refuses a %s file with half a character in an id', async (format, content) => {
    const { trainingSets, files } = await openShop();
    writeFileSync(join(files, 'labels'), content);
    const labels = { kind: 'FILE', file: 'labels', format, timeColumn: 'at' } as const;
    await expect(trainingSets.preview({ ...REQUEST, labels }, 1, NO_LIMIT)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'labels.source.file.path' },
    });
  });

  it('refuses the wrong number of id columns, no join, no feature and an outside path', async () => {
    const { make } = await openShop();
    const request = { ...REQUEST, labels: INLINE };
    await expect(
      make({ ...request, joins: [{ ...CUSTOMER, entityIdColumns: ['who', 'page'] }] }),
    ).rejects.toMatchObject({
      details: { field: 'joins[0].entityIdColumns' },
    });
    await expect(make({ ...request, joins: [] })).rejects.toMatchObject({ details: { field: 'joins' } });
    await expect(make({ ...request, joins: [{ ...CUSTOMER, features: [] }] })).rejects.toMatchObject({
      details: { field: 'features' },
    });
    const outside = { format: 'PARQUET', location: '../outside.parquet' } as const;
    await expect(make(request, { output: outside })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('a job', () => {
  const request = { ...REQUEST, labels: INLINE, withTimestamps: true };

  it.each([
    ['PARQUET', 'out/a.parquet', (files: string) => `read_parquet('${files}/out/a.parquet')`],
    ['CSV', 'out/a.csv', (files: string) => `read_csv('${files}/out/a.csv', header = true)`],
    ['TABLE', 'mine', () => 'training_sets.mine'],
  ] as const)(
    'writes the same rows as %s, and no other file but the provenance of CSV',
    async (format, location, from) => {
      const { make, files, folder, query } = await openShop();
      const job = await make(request, { output: { format, location } });
      expect(job).toMatchObject({
        state: 'SUCCEEDED',
        progress: { completed: 6n, failed: 0n, total: 6n },
        result: { rows: 6n, validation: { leakedRows: 0n, verifiedRows: 6n, expiredValues: 2n, invalidLabels: 3n } },
      });
      const rows = await query(
        `SELECT who, orders_7d, mean_basket, city, visit_seconds, epoch_us(orders_7d__timestamp::TIMESTAMP) AS time FROM ${from(files)}`,
      );
      expect(rows).toMatchObject(
        EXPECTED.map(({ orders_7d, mean_basket, city, visit_seconds }, index) => ({
          who: ROWS[index]!.who,
          orders_7d: orders_7d === null ? null : BigInt(orders_7d),
          mean_basket,
          city,
          visit_seconds,
        })),
      );
      expect(rows[1]!.time).toBe(1_000_000_050_000_000n);
      expect(job.result!.columns).toContain('visit_seconds__timestamp');
      expect(readdirSync(join(folder, 'work'))).toEqual([]);
      if (format !== 'TABLE') expect(readdirSync(join(files, 'out'))).toHaveLength(format === 'CSV' ? 2 : 1);
      await expect(make(request, { output: { format, location } })).rejects.toMatchObject({
        message: expect.stringContaining('already'),
        details: { field: 'output.location' },
      });
    },
  );

  it('calls an output that is not named after itself', async () => {
    const { make, files } = await openShop();
    const job = await make(request);
    expect(job.result!.output).toEqual({ format: 'PARQUET', location: `training-sets/${job.id}.parquet` });
    expect(existsSync(join(files, job.result!.output.location))).toBe(true);
  });

  it('keeps the types of label columns, and empty text apart from null', async () => {
    const { make, files, query } = await openShop();
    await query(`COPY (SELECT 'ann' AS who, TIMESTAMP '2001-09-09 01:47:29' AS at, 1::UTINYINT AS tiny, 1.10::DECIMAL(9,2) AS price,
      [1, NULL] AS list, '' AS empty, NULL::VARCHAR AS nothing, DATE '2001-01-02' AS day) TO '${files}/typed.parquet'`);
    const labels = { kind: 'FILE', file: 'typed.parquet', format: 'PARQUET', timeColumn: 'at' } as const;
    const typed = { ...REQUEST, joins: [CUSTOMER], labels };
    await make(typed, { output: { format: 'PARQUET', location: 'typed-out.parquet' } });
    const types = await query(`DESCRIBE SELECT tiny, price, list, day FROM '${files}/typed-out.parquet'`);
    expect(types.map((column) => column.column_type)).toEqual(['UTINYINT', 'DECIMAL(9,2)', 'INTEGER[]', 'DATE']);
    const csv = await make(typed, { output: { format: 'CSV', location: 'typed-out.csv' } });
    expect(csv.result!.validation).toMatchObject({ leakedRows: 0n, verifiedRows: 1n });
  });

  it('fails when a time of its file cannot be read, and says which', async () => {
    const { make, files } = await openShop();
    writeFileSync(join(files, 'l.csv'), 'who,page,at\nann,x,2001-09-09T01:47:29Z\nann,x,2001-09-09 01:47:29\n');
    const labels = { kind: 'FILE', file: 'l.csv', format: 'CSV', timeColumn: 'at' } as const;
    expect(await make({ ...REQUEST, labels })).toMatchObject({
      state: 'FAILED',
      error: { code: 'BAD_USER_INPUT', message: expect.stringContaining('label 1: "2001-09-09 01:47:29"') },
    });
  });
});
