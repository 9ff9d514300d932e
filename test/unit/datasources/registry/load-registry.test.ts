import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRegistry } from '../../../../datasources/registry/yaml/load-registry.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

async function load(yaml: string, files: Record<string, string> = {}) {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries({ ...files, 'registry.yaml': yaml })) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return loadRegistry(join(folder, 'registry.yaml'));
}

const faultsOf = async (yaml: string, files?: Record<string, string>): Promise<string[]> => {
  const error = await load(yaml, files).then(
    () => new Error('it was accepted'),
    (cause: unknown) => cause as Error,
  );
  return error.message.split('\n').map((line) => line.replace(/^ +- /, ''));
};

const RIGHT = `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        ttlSeconds: 60
        sources:
          - features:
              - { name: orders, valueType: INT64 }
              - { name: city, valueType: STRING, ttlSeconds: 0 }
`;

describe('a registry file', () => {
  it('becomes the model, with defaults', async () => {
    const registry = await load(RIGHT);
    const customer = registry.entityType('shop', 'customer');
    expect(customer).toMatchObject({
      pluralName: 'customers',
      entityIdColumns: ['entity_id'],
      dense: false,
      ttl: 60_000_000n,
    });
    expect(customer.features.map(({ name, ttl, sensitivity }) => [name, ttl, sensitivity])).toEqual([
      ['orders', 60_000_000n, 'INTERNAL'],
      ['city', null, 'INTERNAL'],
    ]);
    expect(customer.features[0]!.source.timestampColumn).toBe('event_timestamp');
    expect(customer.featurestore.onlineStore.kind).toBe('LMDB');
  });

  it('has schedules of feature views that come, in a time zone that is', async () => {
    const withSchedule = (schedule: string) => `${RIGHT.trimEnd()}
    featureViews:
      - { name: all, entityType: customer, features: [orders] }
      - name: some
        entityType: customer
        features: [city]
        schedule: ${schedule}
`;
    const registry = await load(withSchedule('CRON_TZ=Europe/Zurich 0 3 * * *'));
    expect(registry.featurestore('shop').featureViews.map(({ schedule }) => schedule)).toEqual([
      null,
      'CRON_TZ=Europe/Zurich 0 3 * * *',
    ]);
    expect(await faultsOf(withSchedule('0 25 * * *'))).toContainEqual(
      expect.stringMatching(
        /^line 16, column 19: featurestores\[0\]\.featureViews\[1\]\.schedule: Invalid value for hour: 25/,
      ),
    );
    expect((await faultsOf(withSchedule('every day'))).join()).toContain('schedule: a schedule has five fields');
    // Vertex AI keeps the schedules of its views: what it takes for one is not for us to say.
    const onVertex = withSchedule('every day').replace(
      'name: shop',
      'name: shop\n    onlineStore: { kind: VERTEX_FEATURE_VIEW, project: p, location: europe-west4, featureOnlineStore: s }',
    );
    expect((await load(onVertex)).featurestore('shop').featureViews[1]!.schedule).toBe('every day');
  });

  it('says which online store a featurestore has, and what about it is not right', async () => {
    const withStore = (online: string) => RIGHT.replace('name: shop', `name: shop\n    onlineStore: ${online}`);
    const registry = await load(withStore('{ kind: BIGTABLE, project: p, instance: i, table: t }'));
    expect(registry.featurestore('shop').onlineSettings).toEqual({
      kind: 'BIGTABLE',
      readDeadlineMs: 3000,
      fillRowsPerSecond: 5000,
      project: 'p',
      instance: 'i',
      table: 't',
      columnFamily: 'f',
      appProfile: null,
      versionRetentionSeconds: 0,
    });
    for (const [online, says] of [
      ['{ kind: BIGTABLE, project: p, instance: i }', /onlineStore\.table: /],
      [
        '{ kind: BIGTABLE, project: p, instance: i, table: t, columnFamily: "a b" }',
        /columnFamily: a column family has/,
      ],
      [
        '{ kind: BIGTABLE, project: p, instance: i, table: t, versionRetentionSeconds: 0.5 }',
        /versionRetentionSeconds: /,
      ],
      ['{ kind: LMDB, table: t }', /onlineStore: .*table/],
      ['{ kind: REDIS }', /onlineStore\.kind: /],
    ] as const) {
      expect((await faultsOf(withStore(online))).join('\n')).toMatch(says);
    }
  });

  it.each([
    ['', 1, '1', 'there is nothing here, where an object with keys is wanted'],
    ['- shop', 1, '1', 'this is a list, where an object with keys is wanted'],
    ['featurestores: shop', 1, '16', 'featurestores: this is a text, where a list is wanted'],
    [RIGHT.replace('ttlSeconds: 60', 'ttlSeconds: day'), 6, '21', 'this is a text, where a number is wanted'],
    [RIGHT.replace(', valueType: INT64', ''), 9, '17', 'valueType: it is missing; it is one of BOOL, '],
    [RIGHT.replace('INT64', 'INTEGER'), 9, '44', 'valueType: this is not one of BOOL, '],
  ])('has each value of a wrong type named, in plain words: %j', async (yaml, line, column, says) => {
    const [, fault] = await faultsOf(yaml);
    expect(fault).toContain(`line ${line}, column ${column}: `);
    expect(fault).toContain(says);
    expect(fault).not.toMatch(/undefined|null|Invalid/);
  });

  it('that is a folder is named as one, with what to name instead', async () => {
    await expect(loadRegistry(temporaryFolder())).rejects.toThrow(
      /is a folder\. Name the file in it, such as registry\.yaml\. FEATUREGRAPH_REGISTRY or an argument names it/,
    );
  });

  it('that is not there is named, with what names it', async () => {
    const nowhere = loadRegistry(join(temporaryFolder(), 'registry.yaml'));
    await expect(nowhere).rejects.toThrow(
      /registry\.yaml is not there\. FEATUREGRAPH_REGISTRY or an argument names it/,
    );
  });

  it.each([
    ['a feature', ['valueType: INT64', 'vlaueType: INT64'], 9, 33, '"vlaueType" is unknown. Did you mean "valueType"?'],
    [
      'an entity type',
      ['ttlSeconds: 60', 'ttl_seconds: 60'],
      6,
      9,
      '"ttl_seconds" is unknown. Did you mean "ttlSeconds"?',
    ],
    [
      'a source',
      ['- features', '- sqll: a.sql\n            features'],
      8,
      13,
      '"sqll" is unknown. Did you mean "sql"?',
    ],
    [
      'a table, which can also be a path',
      ['name: shop', 'name: shop\n    tables: { orders: { file: a.csv, timezone: UTC } }'],
      4,
      38,
      '"timezone" is unknown. Did you mean "timeZone"?',
    ],
    [
      'an online store, of the keys of its kind',
      ['name: shop', 'name: shop\n    onlineStore: { kind: BIGTABLE, project: p, instances: i, table: t }'],
      4,
      48,
      '"instances" is unknown. Did you mean "instance"?',
    ],
    [
      'the whole file',
      ['featurestores:', 'model: []\nfeaturestores:'],
      2,
      1,
      '"model" is unknown. Did you mean "models"?',
    ],
    [
      'an online store, where no key is near',
      ['name: shop', 'name: shop\n    onlineStore: { kind: LMDB, table: t }'],
      4,
      32,
      '"table" is unknown. Known keys are: kind',
    ],
  ] as const)(
    'points at an unknown key of %s and suggests a near one',
    async (_what, [from, to], line, column, says) => {
      const faults = await faultsOf(RIGHT.replace(from, to));
      const places = faults.filter((fault) => fault.startsWith(`line ${line}, column ${column}: `));
      expect(places, faults.join('\n')).toHaveLength(1);
      expect(places[0]).toContain(`the key ${says}`);
    },
  );

  it('has no versions in an online store that a source fills with its newest values', async () => {
    const bigtable = '{ kind: BIGTABLE, project: p, instance: i, table: t, versionRetentionSeconds: 60 }';
    const faults = await faultsOf(`
featurestores:
  - name: shop
    onlineStore: ${bigtable}
    entityTypes:
      - { name: customer, sources: [{ sql: orders.sql, features: [{ name: orders, valueType: INT64 }] }] }
`);
    expect(faults[1]).toMatch(/^line 6, .*sources\[0\]\.sql: sql fills the online store with newest values only/);
  });

  it('has no versions in an online store that a schedule syncs', async () => {
    const faults = await faultsOf(`
featurestores:
  - name: shop
    onlineStore: { kind: BIGTABLE, project: p, instance: i, table: t, versionRetentionSeconds: 60 }
    entityTypes:
      - { name: customer, sources: [{ features: [{ name: orders, valueType: INT64 }] }] }
    featureViews:
      - { name: churn, entityType: customer, features: [orders], schedule: '0 3 * * *' }
`);
    expect(faults[1]).toMatch(/^line 8, .*featureViews\[0\]\.schedule: a sync brings newest values only/);
  });

  it.each([
    [
      'an id column as a feature',
      '{ entityIdColumns: [a], sources: [{ features: [F] }] }',
      /features\[0\].name: "a" is both/,
    ],
    [
      'a timestamp as a feature',
      '{ sources: [{ timestampColumn: A, features: [F] }] }',
      /"a" is both the timestamp and/,
    ],
    [
      'a timestamp as an id column',
      '{ entityIdColumns: [ts], sources: [{ timestampColumn: ts, features: [F] }] }',
      /"ts" is/,
    ],
    [
      'two times in one column',
      '{ sources: [{ timestampColumn: t, createdTimestampColumn: t, features: [F] }] }',
      /"t" is/,
    ],
    [
      'a column of its own as an id',
      '{ entityIdColumns: [arrival_number], sources: [{ features: [F] }] }',
      /Columns\[0\]/,
    ],
    [
      'what BigQuery keeps to itself',
      '{ entityIdColumns: [_partitiontime], sources: [{ features: [F] }] }',
      /no column whose/,
    ],
  ])('has no two columns of one name in a table that is made in BigQuery: %s', async (_title, entityType, says) => {
    const registryOf = (createTables: boolean) => `
featurestores:
  - name: shop
    offlineStore: { kind: BIGQUERY, project: the-project, dataset: d, location: EU, createTables: ${createTables} }
    entityTypes:
      - ${entityType.replace('{', '{ name: x, ').replaceAll('F', '{ name: a, valueType: INT64 }')}
`;
    expect((await faultsOf(registryOf(true))).slice(1).join('\n')).toMatch(says);
    // Others' tables are as they are, and are read.
    await load(registryOf(false));
  });

  it('has no column in SQL called as the one that numbers its rows', async () => {
    const faults = await faultsOf(`
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        entityIdColumns: [arrival_number]
        sources: [{ sql: orders.sql, features: [{ name: orders, valueType: INT64 }] }]
`);
    expect(faults[1]).toMatch(
      /^line 6, .*entityIdColumns\[0\]: "arrival_number" is both the number of a row and an id column/,
    );
  });

  it('that is not there is said to be missing', async () => {
    await expect(loadRegistry('/nowhere/registry.yaml')).rejects.toThrow(/FEATUREGRAPH_REGISTRY/);
  });

  it('that is not YAML says where', async () => {
    expect((await faultsOf('featurestores:\n  - name: "x\n')).join()).toMatch(/line \d+, column \d+/);
  });

  it('has all its faults reported at once, each with its place', async () => {
    const faults = await faultsOf(`
featurestores:
  - name: Shop
    entityTypes:
      - name: customer
        ttlSeconds: -1
        sources:
          - features:
              - { name: orders, valueType: INTEGER }
              - { name: 7d, valueType: INT64, colour: red }
`);
    expect(faults[0]).toMatch(/has 5 faults:$/);
    expect(faults.slice(1).sort()).toEqual([
      expect.stringMatching(/^line 10, column 25: .*features\[1\]\.name: a name has lower-case letters/),
      expect.stringMatching(
        /^line 10, column 47: featurestores\[0\]\.entityTypes\[0\]\.sources\[0\]\.features\[1\]: .*colour/,
      ),
      expect.stringMatching(/^line 3, column 11: featurestores\[0\]\.name: a name has lower-case/),
      expect.stringMatching(/^line 6, column 21: .*ttlSeconds: .*from 0/),
      expect.stringMatching(/^line 9, column 44: .*valueType/),
    ]);
  });

  it('has no name twice and no reference to nothing', async () => {
    const faults = await faultsOf(`
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        entityIdColumns: [a, a]
        sources:
          - { name: one, features: [{ name: orders, valueType: INT64 }, { name: sequence, valueType: INT64 }] }
          - { name: one, features: [{ name: orders, valueType: INT64 }] }
      - { name: customer, sources: [{ features: [{ name: x, valueType: BOOL }] }] }
    featureViews:
      - { name: v, entityType: customer, features: [orders, nothing] }
      - { name: v, entityType: nobody, features: [orders] }
`);
    for (const says of [
      /"customer" is named twice/,
      /"one" is named twice/,
      /"v" is named twice/,
      /"orders" is already/,
      /"sequence" is a column every table has/,
      /the same column is named twice/,
      /has no feature "nothing"/,
      /no entity type "nobody"/,
    ]) {
      expect(faults.join('\n')).toMatch(says);
    }
  });

  it('finds its files beside itself and in packages, and says which are missing', async () => {
    const yaml = `
featurestores:
  - name: shop
    tables: { a: data/a.csv, flights: 'npm:vega-datasets/data/airports.csv', b: b.csv, c: 'npm:vega-datasets/no.csv' }
    entityTypes:
      - name: customer
        sources: [{ sql: c.sql, features: [{ name: orders, valueType: INT64 }] }]
`;
    expect((await faultsOf(yaml, { 'data/a.csv': 'x' })).slice(1)).toEqual([
      'line 4, column 81: featurestores[0].tables.b: b.csv is not there',
      'line 4, column 91: featurestores[0].tables.c: npm:vega-datasets/no.csv is not there',
      'line 7, column 26: featurestores[0].entityTypes[0].sources[0].sql: c.sql is not there',
    ]);
    const registry = await load(yaml.replace(/, b: .*}/, ' }'), { 'data/a.csv': 'x', 'c.sql': 'SELECT 1' });
    const shop = registry.featurestore('shop');
    expect(shop.tables.get('flights')!.path).toMatch(/vega-datasets\/data\/airports\.csv$/);
    expect(shop.entityTypes[0]!.sources[0]!.sql).toBe('SELECT 1');
  });

  it('reads what files do not say themselves, and refuses to be told what those of their format have not', async () => {
    const yaml = `
featurestores:
  - name: shop
    tables: { a: { file: data/a.csv, columns: { number: VARCHAR }, decimal: ',' }, b: data/b.parquet, c: { file: data/c.tsv.gz } }
    entityTypes:
      - name: customer
        sources: [{ features: [{ name: orders, valueType: INT64 }] }]
`;
    const files = { 'data/a.csv': 'x', 'data/b.parquet': 'x', 'data/c.tsv.gz': 'x' };
    const { tables } = (await load(yaml, files)).featurestore('shop');
    expect([...tables].map(([name, { options }]) => [name, { ...options, columns: [...options.columns!] }])).toEqual([
      ['a', { columns: [['number', 'VARCHAR']], decimal: ',' }],
      ['b', { columns: [] }],
      ['c', { columns: [] }],
    ]);
    const faultOf = async (table: string) =>
      (await faultsOf(yaml.replace('b: data/b.parquet', `b: { ${table} }`), files)).slice(1);
    expect(await faultOf(`file: data/b.parquet, delimiter: ';'`)).toEqual([
      expect.stringMatching(
        /featurestores\[0\]\.tables\.b\.delimiter: it is an option of CSV files, and this is PARQUET/,
      ),
    ]);
    expect(await faultOf('file: data/a.csv, timeZone: Mars')).toEqual([
      expect.stringMatching(/tables\.b\.timeZone: it is not a time zone/),
    ]);
    expect(await faultOf('file: data/a.csv, dateAsMoment: START_OF_DAY')).toEqual([
      expect.stringMatching(/tables\.b\.dateAsMoment: .*give timeZone/),
    ]);
    expect(await faultOf('file: data/a.csv, encoding: klingon')).toEqual([
      expect.stringMatching(/encoding is unknown/),
    ]);
    expect((await faultsOf(yaml.replace('file: data/a.csv', 'path: data/a.csv'), files)).join()).toMatch(
      /tables\.a: a table is the path of a file, or { file, columns }/,
    );
  });

  it('names folders and patterns, of files of one format', async () => {
    const yaml = `
featurestores:
  - name: shop
    tables: { a: data/a, b: data/b/*.csv }
    entityTypes:
      - name: customer
        sources: [{ features: [{ name: orders, valueType: INT64 }] }]
`;
    const files = { 'data/a/day=1/x.csv': 'x', 'data/a/_SUCCESS': '', 'data/b/1.csv': 'x' };
    const { tables } = (await load(yaml, files)).featurestore('shop');
    expect([...tables.values()].map(({ name }) => name)).toEqual(['data/a', 'data/b/*.csv']);
    expect((await faultsOf(yaml.replace('*.csv', '*.tsv'), files)).slice(1)).toEqual([
      'line 4, column 29: featurestores[0].tables.b: data/b/*.tsv is not there',
    ]);
    expect((await faultsOf(yaml, { ...files, 'data/a/y.parquet': 'x' })).slice(1)).toEqual([
      'line 4, column 18: featurestores[0].tables.a: "data/a/y.parquet": it is not of the format of "data/a/day=1/x.csv". Say which one is meant.',
    ]);
  });

  it('names a BigQuery dataset as the offline store, of which clients see neither project nor dataset', async () => {
    const bigQuery = '{ kind: BIGQUERY, project: my-project, dataset: features, location: EU }';
    const inBigQuery = RIGHT.replace('  - name: shop', `  - name: shop\n    offlineStore: ${bigQuery}`);
    const { offlineStore, offlineSettings } = (await load(inBigQuery)).featurestore('shop');
    expect(offlineStore).toEqual({ kind: 'BIGQUERY', location: 'Google Cloud' });
    expect(offlineSettings).toEqual({
      kind: 'BIGQUERY',
      project: 'my-project',
      dataset: 'features',
      location: 'EU',
      maximumBytesBilled: null,
      timeoutSeconds: 60,
      createTables: true,
      pointInTime: 'AGGREGATE',
    });
    expect((await faultsOf(inBigQuery.replace('project: my-project, ', ''))).join()).toContain('offlineStore.project');
    const withSql = inBigQuery.replace('- features:', '- sql: orders.sql\n            features:');
    expect((await faultsOf(withSql, { 'orders.sql': 'SELECT 1' })).join()).toContain('computed by DUCKDB only');
    const withTable = RIGHT.replace('- features:', '- bigQueryTable: orders\n            features:');
    expect((await faultsOf(withTable)).join()).toContain('the offline store is DUCKDB');
  });

  it('names tables and columns in BigQuery as they are called there', async () => {
    const withTable = (table: string, column = 'OrderCount') =>
      RIGHT.replace(
        '  - name: shop',
        '  - name: shop\n    offlineStore: { kind: BIGQUERY, project: my-project, location: EU }',
      )
        .replace('- features:', `- bigQueryTable: ${table}\n            features:`)
        .replace('{ name: orders,', `{ name: orders, column: ${column},`);
    for (const table of ['lake.orders', 'other-project.lake.Orders-2', 'example.com:shop.lake.orders']) {
      const { offlineSettings, entityTypes } = (await load(withTable(table))).featurestore('shop');
      expect(offlineSettings).toMatchObject({ dataset: null });
      expect(entityTypes[0]!.sources[0]!.bigQueryTable).toBe(table);
      expect(entityTypes[0]!.features.map(({ column }) => column)).toEqual(['OrderCount', 'city']);
    }
    expect((await faultsOf(withTable('orders'))).join()).toContain('bigQueryTable: the offline store names no dataset');
    expect((await faultsOf(withTable('lake..orders'))).join()).toContain('before it may stand its dataset');
    expect((await faultsOf(withTable('lake.orders', 'arrival_number'))).join()).toContain('a column every table has');
    const embedded = RIGHT.replace('{ name: orders,', '{ name: orders, column: OrderCount,');
    expect((await faultsOf(embedded)).join()).toMatch(/features\.?\[0\]\.column: the offline store is DUCKDB/);
  });

  const MODELS = `${RIGHT}
models:
  - name: churn
    onnx: churn.onnx
    inputs:
      - { name: orders, valueType: INT64, default: '9223372036854775807' }
      - { name: spent, valueType: DOUBLE, nullable: true, unit: EUR }
    outputs: [{ name: risk, valueType: DOUBLE }]
  - { name: remote, http: { url: 'https://models.example/predict', deadlineSeconds: 2.5 }, inputs: [{ name: x, valueType: STRING }], outputs: [{ name: y, valueType: STRING }] }
  - { name: cloud, displayName: In the cloud, vertex: { project: p, location: europe-west4, model: '12@2' }, inputs: [{ name: x, valueType: STRING }], outputs: [{ name: y, valueType: STRING }] }
`;

  it('has models of three runtimes', async () => {
    const registry = await load(MODELS, { 'churn.onnx': '' });
    expect(registry.models.map(({ name, displayName, runtime }) => [name, displayName, runtime])).toEqual([
      ['churn', 'churn', 'ONNX'],
      ['remote', 'remote', 'HTTP'],
      ['cloud', 'In the cloud', 'VERTEX'],
    ]);
    expect(registry.model('churn')).toMatchObject({
      location: expect.stringMatching(/\/churn\.onnx$/) as string,
      inputs: [
        { name: 'orders', nullable: false, default: 2n ** 63n - 1n },
        { name: 'spent', nullable: true, unit: 'EUR' },
      ],
    });
    expect(registry.model('remote')).toMatchObject({
      location: 'https://models.example/predict',
      http: { healthUrl: null, deadlineMs: 2500 },
    });
    expect(registry.model('cloud').location).toBe('projects/p/locations/europe-west4/models/12@2');
    expect(() => registry.model('chrun')).toThrow('There is no model "chrun". There are: churn, remote, cloud.');
  });

  it('has the faults of its models reported with their places', async () => {
    const shape = await faultsOf(`${RIGHT}
models:
  - { name: a, onnx: a.onnx, http: { url: 'ftp://x' }, inputs: [], outputs: [{ name: y, valueType: DOUBLE }] }
  - { name: b, inputs: [{ name: x, valueType: DOUBLE }], outputs: [{ name: y, valueType: DOUBLE }] }
  - { name: c, http: { url: 'http://me:secret@x' }, inputs: [{ name: x, valueType: DOUBLE }], outputs: [{ name: y, valueType: DOUBLE }] }
  - { name: d, http: { url: 'http://:secret@x' }, inputs: [{ name: x, valueType: DOUBLE }], outputs: [{ name: y, valueType: DOUBLE }] }
`);
    expect(shape.slice(1)).toEqual([
      'line 13, column 43: models[0].http.url: an http or https URL',
      expect.stringMatching(/^line 13, column 64: models\[0\]\.inputs: /),
      'line 13, column 5: models[0]: a model has exactly one of onnx, http and vertex, not 2',
      'line 14, column 5: models[1]: a model has exactly one of onnx, http and vertex, not 0',
      'line 15, column 29: models[2].http.url: a URL has no user and password in it',
      'line 16, column 29: models[3].http.url: a URL has no user and password in it',
    ]);
    const names = await faultsOf(`${RIGHT}
models:
  - { name: a, onnx: a.onnx, inputs: [{ name: x, valueType: DOUBLE }, { name: x, valueType: INT64, default: many }], outputs: [{ name: y, valueType: DOUBLE }] }
  - { name: a, onnx: a.onnx, inputs: [{ name: x, valueType: DOUBLE, default: 1, nullable: true }], outputs: [{ name: y, valueType: DOUBLE }] }
`);
    expect(names.slice(1)).toEqual([
      'line 14, column 13: models[1].name: "a" is named twice',
      'line 13, column 79: models[0].inputs[1].name: "x" is named twice',
      'line 13, column 109: models[0].inputs[1].default: not a value of type INT64',
      'line 14, column 78: models[1].inputs[0].default: an input is nullable or has a default, not both',
    ]);
    expect((await faultsOf(MODELS)).slice(1)).toEqual([
      expect.stringMatching(/^line \d+, column \d+: models\[0\]\.onnx: churn\.onnx is not there$/),
    ]);
  });

  it('says which keys are of ONNX alone, and which go together', async () => {
    const faults = await faultsOf(`${RIGHT}
models:
  - { name: a, http: { url: 'http://x/' }, inputs: [{ name: x, valueType: DOUBLE, tensor: t }], outputs: [{ name: y, valueType: DOUBLE, class: yes }] }
  - { name: b, onnx: b.onnx, inputs: [{ name: x, valueType: DOUBLE, columns: [p, q] }, { name: q, valueType: INT64 }], outputs: [{ name: y, valueType: DOUBLE, columns: [p], class: yes }] }
`);
    expect(faults.slice(1).map((fault) => fault.replace(/^line \d+, column \d+: /, ''))).toEqual([
      'models[0].inputs[0].tensor: only a model of ONNX has "tensor"',
      'models[0].outputs[0].class: only a model of ONNX has "class"',
      'models[1].inputs[1].name: "q" is named twice',
      'models[1].outputs[0].class: an output has "class" or "columns", not both',
    ]);
  });

  it('names a port that fetch refuses, of each of its addresses', async () => {
    const faults = await faultsOf(`${RIGHT}
models:
  - { name: a, http: { url: 'http://models:6000/', healthUrl: 'http://models:10080/' }, inputs: [{ name: x, valueType: DOUBLE }], outputs: [{ name: y, valueType: DOUBLE }] }
`);
    const what = (port: number) =>
      `nothing is ever sent to port ${port}: it is kept for another protocol, or is none; let the server listen on another port`;
    expect(faults.slice(1).map((fault) => fault.replace(/^line \d+, column \d+: /, ''))).toEqual([
      `models[0].http.url: ${what(6000)}`,
      `models[0].http.healthUrl: ${what(10080)}`,
    ]);
  });
});
