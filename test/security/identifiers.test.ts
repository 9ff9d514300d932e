import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AppError } from '../../errors/app-error.js';
import { NO_LIMIT } from '../support/training-set-dependencies.js';
import { CUSTOMER, openShop, REQUEST } from '../support/shop-history.js';
import { NOW_TEXT, smallRegistry } from '../support/small-registry.js';
import { startTestGateway } from '../support/test-gateway.js';

/** Names that end a quoted identifier or a string, begin a comment, or are another statement. */
const NAMES = [
  'a"; DROP TABLE shop.customer__orders; --',
  `a'; DROP TABLE x; --`,
  'a" FROM range(1000) /*',
  '$1',
  '"',
  '`;',
  "'||version()||'",
  'a\\" OR 1=1',
  '__proto__',
  'constructor',
];

const customerFeatures = CUSTOMER.features.length;

describe.each(NAMES)('the name %j', (name) => {
  it('of a label column is a name, and the column comes out under it', async () => {
    const { make, files, query } = await openShop();
    // Made by fromEntries: a literal { __proto__: … } would set the prototype and leave the row without the column.
    const rows = [Object.fromEntries([...Object.entries({ who: 'ann', at: NOW_TEXT }), [name, 'kept']])];
    const labels = { kind: 'INLINE', rows, timeColumn: 'at' } as const;
    const output = { format: 'PARQUET', location: 'out.parquet' } as const;
    const job = await make({ ...REQUEST, joins: [CUSTOMER], labels }, { output });
    expect(job).toMatchObject({ state: 'SUCCEEDED', result: { rows: 1n } });
    const [row] = await query(`SELECT * FROM read_parquet('${files}/out.parquet')`);
    expect(Object.values(row!)).toContain('kept');
    expect(job.result!.columns).toHaveLength(3 + customerFeatures);
  });

  it('of a label column is a name in a CSV file too, which is read back', async () => {
    const { make, files, query } = await openShop();
    const rows = [Object.fromEntries([...Object.entries({ who: 'ann', at: NOW_TEXT }), [name, 'kept']])];
    const labels = { kind: 'INLINE', rows, timeColumn: 'at' } as const;
    const output = { format: 'CSV', location: 'out.csv' } as const;
    const job = await make({ ...REQUEST, joins: [CUSTOMER], labels }, { output });
    expect(job).toMatchObject({ state: 'SUCCEEDED', result: { rows: 1n } });
    const [row] = await query(`SELECT * FROM read_csv('${files}/out.csv', header = true, quote = '"', delim = ',')`);
    expect(Object.values(row!)).toContain('kept');
  });

  it('of the time or id column is one that the labels do not have', async () => {
    const { trainingSets } = await openShop();
    const rows = [{ who: 'ann', at: NOW_TEXT }];
    await expect(
      trainingSets.preview(
        { ...REQUEST, joins: [CUSTOMER], labels: { kind: 'INLINE', rows, timeColumn: name } },
        1,
        NO_LIMIT,
      ),
    ).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'labels.timeColumn' } });
    const joins = [{ ...CUSTOMER, entityIdColumns: [name] }];
    await expect(
      trainingSets.preview({ ...REQUEST, joins, labels: { kind: 'INLINE', rows, timeColumn: 'at' } }, 1, NO_LIMIT),
    ).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'joins[0].entityIdColumns' } });
  });

  it('of a table of labels, of an output table and of a file does nothing but fail or be one', async () => {
    const { trainingSets, make, query, files } = await openShop();
    const before = await query('SELECT table_name FROM duckdb_tables() ORDER BY ALL');
    const table = { kind: 'TABLE', table: name, timeColumn: 'at' } as const;
    const fault: any = await trainingSets
      .preview({ ...REQUEST, labels: table }, 1, NO_LIMIT)
      .catch((error: unknown) => error);
    expect(['BAD_USER_INPUT', 'TABLE_NOT_FOUND']).toContain(fault.code);
    const inline = { kind: 'INLINE', rows: [{ who: 'ann', at: NOW_TEXT }], timeColumn: 'at' } as const;
    await expect(
      make({ ...REQUEST, joins: [CUSTOMER], labels: inline }, { output: { format: 'TABLE', location: name } }).then(
        ({ state }) => state,
        (error: unknown) => (error as AppError).code,
      ),
    ).resolves.toMatch(/^(BAD_USER_INPUT|SUCCEEDED)$/);
    const fileName = `${name.replaceAll('/', '')}.csv`;
    writeFileSync(join(files, fileName), `who,at\nann,${NOW_TEXT}\n`);
    const file = { kind: 'FILE', file: fileName, format: 'CSV', timeColumn: 'at' } as const;
    expect(await trainingSets.preview({ ...REQUEST, joins: [CUSTOMER], labels: file }, 1, NO_LIMIT)).toBeDefined();
    const after = await query('SELECT table_name FROM duckdb_tables() ORDER BY ALL');
    expect(after).toEqual(expect.arrayContaining(before));
  });
});

it('names and ids of a request are looked up, not put into SQL', async () => {
  const gateway = await startTestGateway(smallRegistry());
  try {
    for (const name of NAMES) {
      const query = `query ($n: String!, $id: ID!, $asOf: DateTime) {
        store: entity(featurestore: $n, entityType: "customer", entityId: "a") { entityId }
        type: entity(featurestore: "shop", entityType: $n, entityId: "a") { entityId }
        feature: entity(featurestore: "shop", entityType: "customer", entityId: "a", asOf: $asOf) { features(names: [$n]) { value } }
        id: entity(featurestore: "shop", entityType: "customer", entityId: $id, asOf: $asOf) { features { status } }
        node(id: $id) { id }
        search: searchFeatures(text: $n) { nodes { id } }
      }`;
      const { data, errors } = await gateway.ask(query, { n: name, id: name, asOf: NOW_TEXT });
      const codes = errors!.map(({ extensions }) => extensions.code as string);
      expect(codes, name).not.toContain('INTERNAL_SERVER_ERROR');
      expect(codes, name).toEqual(expect.arrayContaining(['FEATURESTORE_NOT_FOUND', 'ENTITY_TYPE_NOT_FOUND']));
      expect(new Set(data.id.features.map(({ status }: any) => status)), name).toEqual(new Set(['NOT_FOUND']));
    }
  } finally {
    await gateway.close();
  }
});
