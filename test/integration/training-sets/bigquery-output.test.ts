import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { LeaseLost } from '../../../datasources/job-store/job-lease.js';
import { publishTable, publishTableAgain } from '../../../training-sets/publish-table.js';
import type { OutputFile } from '../../../training-sets/output.js';
import type { TrainingSetRequest, TrainingSetResult } from '../../../training-sets/training-sets.js';
import { ApiError } from '../../support/google/bigquery-server/api-error.js';
import type { Field } from '../../support/google/bigquery-server/schema.js';
import type { BigQueryServer } from '../../support/google/bigquery-server/server.js';
import { PROJECT, startBigQuery } from '../../support/google/bigquery-store.js';
import { openOutputDataset, OUTPUTS } from '../../support/google/output-tables.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { CUSTOMER, openShop, REQUEST, REQUESTED } from '../../support/shop-history.js';
import type { TrainingSetWorld } from '../../support/training-set-dependencies.js';

const ROOT = `${PROJECT}.${OUTPUTS}.`;

describeWithGoogleSql('a training set in BigQuery', () => {
  let server: BigQueryServer;

  beforeAll(async () => {
    server = await startBigQuery();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    server.tables.addDataset(PROJECT, OUTPUTS, 'EU');
    server.faults.clear();
    server.loads.all.clear();
  });

  const openWorld = (): Promise<TrainingSetWorld> => openShop({ tables: openOutputDataset(server) });
  const table = (name: string) => server.tables.get(PROJECT, OUTPUTS, name);
  const names = (): string[] => server.tables.idsOf(PROJECT, OUTPUTS);

  /** What a query of BigQuery says of the table, in the order of the expressions. */
  async function select(name: string, expressions: string, tail = ''): Promise<unknown[][]> {
    const query = {
      query: `SELECT ${expressions} FROM \`${ROOT}${name}\` AS t ${tail}`,
      useLegacySql: false,
      requestId: `q${Math.random().toString(36).slice(2)}`,
      location: 'EU',
      formatOptions: { useInt64Timestamp: true },
    };
    const answer = await fetch(`${server.endpoint}/bigquery/v2/projects/${PROJECT}/queries`, {
      method: 'POST',
      body: JSON.stringify(query),
    });
    const body = (await answer.json()) as { rows?: { f: { v: unknown }[] }[] };
    expect(body, JSON.stringify(body)).not.toHaveProperty('error');
    return (body.rows ?? []).map(({ f }) => f.map(({ v }) => v));
  }

  it('is a new table with each row of the file that one gateway writes', async () => {
    const world = await openWorld();
    const asFile = await world.make(REQUESTED);
    const made = await world.make(REQUESTED, { output: { format: 'BIGQUERY', location: 'june' } });
    expect(made).toMatchObject({
      state: 'SUCCEEDED',
      result: { output: { format: 'BIGQUERY', location: `${ROOT}june` }, rows: 14n },
    });
    expect(made.result!.validation).toEqual(asFile.result!.validation);
    const file = join(world.files, asFile.result!.output.location);
    const expected = await world.query(
      `SELECT who, page, "at", orders_7d::VARCHAR AS orders, mean_basket, epoch_us(born)::VARCHAR AS born, visit_seconds AS seconds,
              epoch_us(orders_7d__timestamp)::VARCHAR AS since FROM read_parquet('${file}')`,
    );
    const columns = 't.who, t.page, t.at, orders_7d, mean_basket, born, visit_seconds, orders_7d__timestamp';
    const rows = (await select('june', columns)).map(([who, page, at, orders, basket, born, seconds, since]) => ({
      who,
      page,
      at,
      orders,
      mean_basket: basket === null ? null : Number(basket),
      born,
      seconds: seconds === null ? null : Number(seconds),
      since,
    }));
    const inOrder = (one: object, other: object) => JSON.stringify(one).localeCompare(JSON.stringify(other));
    expect(rows.sort(inOrder)).toEqual([...expected].sort(inOrder));
    expect(readdirSync(join(world.folder, 'work'))).toEqual([]);
  });

  it('is made by one load job with WRITE_EMPTY, and says which job made it of what', async () => {
    const world = await openWorld();
    const { id, result } = await world.make(REQUESTED, { output: { format: 'BIGQUERY', location: null } });
    const name = `training_set_${id.replaceAll('-', '_')}`;
    expect(result!.output.location).toBe(`${ROOT}${name}`);
    const [load, ...others] = server.loads.all.values();
    expect(others).toEqual([]);
    expect(load).toMatchObject({
      location: 'EU',
      configuration: {
        load: { sourceFormat: 'PARQUET', createDisposition: 'CREATE_IF_NEEDED', writeDisposition: 'WRITE_EMPTY' },
      },
    });
    const digits = result!.provenance!.checksum!.replace('sha256:', '').slice(0, 63);
    expect(table(name).labels).toEqual({ featuregraph_job: id, featuregraph_sha256: digits });
  });

  it('carries each type exactly', async () => {
    const world = await openWorld();
    await world.query(`CREATE TABLE typed AS SELECT 'ann' AS who, TIMESTAMPTZ '2001-09-09 01:47:39.123456Z' AS at,
      (-128)::TINYINT AS tiny, 4294967295::UINTEGER AS unsigned, 9007199254740993::BIGINT AS big, 1.5::FLOAT AS single,
      'NaN'::DOUBLE AS nan, '\\xFF\\x00'::BLOB AS bytes, DATE '2024-02-29' AS day,
      '-12345678901234567890123456789.123456789'::DECIMAL(38,9) AS num, '0.00000000000000000000000000000000000001'::DECIMAL(38,38) AS fine,
      '99999999999999999999999999999999999999'::DECIMAL(38,0) AS wide, 1.25::DECIMAL(9,2) AS short,
      [1, NULL, 3]::BIGINT[] AS list, NULL::BIGINT[] AS no_list, []::BIGINT[] AS empty_list, [[1.5], []]::DOUBLE[][] AS lists,
      {'a': 1, 'b': {'c': ['x', 'y']}} AS struct, '3c7e1a4e-4a6b-4a4e-9d8f-0d2b5a7c9e11'::UUID AS uid,
      '{"k": 9007199254740993}'::JSON AS doc, 'b'::ENUM('a', 'b') AS choice, '101'::BIT AS bits, true AS flag`);
    const request: TrainingSetRequest = {
      ...REQUEST,
      joins: [CUSTOMER],
      labels: { kind: 'TABLE', table: 'typed', timeColumn: 'at' },
    };
    const made = await world.make(request, { output: { format: 'BIGQUERY', location: 'typed' } });
    expect(made.error).toBeNull();
    expect(made.result!.validation).toMatchObject({ changedRows: 0n, leakedRows: 0n });
    expect(Object.fromEntries(table('typed').fields.map((field) => [field.name, describeField(field)]))).toEqual({
      who: 'STRING',
      at: 'TIMESTAMP',
      tiny: 'INTEGER',
      unsigned: 'INTEGER',
      big: 'INTEGER',
      single: 'FLOAT',
      nan: 'FLOAT',
      bytes: 'BYTES',
      day: 'DATE',
      num: 'NUMERIC',
      fine: 'BIGNUMERIC',
      wide: 'BIGNUMERIC',
      short: 'NUMERIC',
      list: 'RECORD(list RECORD[](element INTEGER))',
      no_list: 'RECORD(list RECORD[](element INTEGER))',
      empty_list: 'RECORD(list RECORD[](element INTEGER))',
      lists: 'RECORD(list RECORD[](element RECORD(list RECORD[](element FLOAT))))',
      struct: 'RECORD(a INTEGER, b RECORD(c RECORD(list RECORD[](element STRING))))',
      uid: 'STRING',
      doc: 'STRING',
      choice: 'STRING',
      bits: 'STRING',
      flag: 'BOOLEAN',
      orders_7d: 'INTEGER',
      mean_basket: 'FLOAT',
      city: 'STRING',
      born: 'TIMESTAMP',
    });
    const scalars =
      't.at, tiny, unsigned, big, single, nan, bytes, day, num, fine, wide, short, uid, doc, choice, bits';
    expect(await select('typed', scalars)).toEqual([
      [
        '1000000059123456',
        '-128',
        '4294967295',
        '9007199254740993',
        '1.5',
        'NaN',
        '/wA=',
        '2024-02-29',
        '-12345678901234567890123456789.123456789',
        '0.00000000000000000000000000000000000001',
        '99999999999999999999999999999999999999',
        '1.25',
        '3c7e1a4e-4a6b-4a4e-9d8f-0d2b5a7c9e11',
        '{"k": 9007199254740993}',
        'b',
        '101',
      ],
    ]);
    // A list that is null is not an empty one, and a null element is there.
    const lists = `(SELECT STRING_AGG(IFNULL(CAST(l.element AS STRING), 'null'), ' ') FROM UNNEST(t.list.list) AS l),
      no_list IS NULL, empty_list IS NULL, ARRAY_LENGTH(empty_list.list), t.struct.b.c.list[OFFSET(1)].element`;
    expect(await select('typed', lists)).toEqual([['1 null 3', 'true', 'false', '0', 'y']]);
  });

  it.each([
    ['1::HUGEINT AS refused', 'HUGEINT'],
    ['1::UBIGINT AS refused', 'signed'],
    ["TIMESTAMP '2024-01-01' AS refused", 'zone'],
    ["[TIMESTAMP '2024-01-01'] AS refused", 'zone'],
    ["TIMESTAMP_NS '2024-01-01' AS refused", 'zone'],
    ["TIME '10:00:00' AS refused", 'times of day'],
    ["TIMETZ '10:00:00+02' AS refused", 'offset'],
    ["INTERVAL '1 day' AS refused", 'interval'],
    ["MAP {'a': 1} AS refused", 'map'],
    ['[uuid()] AS refused', 'UUID'],
    ["{'a': '{}'::JSON} AS refused", 'JSON'],
    ["{'not plain': 1} AS refused", 'not plain'],
    ['1 AS "refused column"', 'refused column'],
    ['1 AS _TABLE_refused', '_TABLE_refused'],
  ])('refuses a column that BigQuery cannot carry, by its name: %s', async (column, reason) => {
    const world = await openWorld();
    await world.query(`CREATE TABLE odd AS SELECT 'ann' AS who, TIMESTAMPTZ '2001-09-09 01:47:39Z' AS at, ${column}`);
    const request: TrainingSetRequest = {
      ...REQUEST,
      joins: [CUSTOMER],
      labels: { kind: 'TABLE', table: 'odd', timeColumn: 'at' },
    };
    const error: unknown = await world
      .make(request, { output: { format: 'BIGQUERY', location: 'odd' } })
      .catch((fault: unknown) => fault);
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'output.format' } });
    expect((error as Error).message).toMatch(/refused/);
    expect((error as Error).message).toContain(reason);
    expect(names()).toEqual([]);
  });

  it.each(["DATE '10000-01-01'", "DATE '0001-01-01' - 1", "'infinity'::DATE", "TIMESTAMPTZ '10000-01-01 00:00:00Z'"])(
    'fails for a value outside the years of BigQuery, by the name of its column: %s',
    async (value) => {
      const world = await openWorld();
      await world.query(
        `CREATE TABLE far AS SELECT 'ann' AS who, TIMESTAMPTZ '2001-09-09 01:47:39Z' AS at, ${value} AS distant`,
      );
      const request: TrainingSetRequest = {
        ...REQUEST,
        joins: [CUSTOMER],
        labels: { kind: 'TABLE', table: 'far', timeColumn: 'at' },
      };
      const made = await world.make(request, { output: { format: 'BIGQUERY', location: 'far' } });
      expect(made).toMatchObject({ state: 'FAILED', error: { code: 'OUTPUT_INVALID' } });
      expect(made.error!.message).toContain('"distant"');
      expect(names()).toEqual([]);
    },
  );

  it.each([
    '',
    'a-b',
    'a.b',
    '1st',
    'a`b',
    'a b',
    `${PROJECT}.other.june`,
    `other.${OUTPUTS}.june`,
    `${ROOT}june.july`,
    'a'.repeat(301),
  ])('is not written outside the dataset for outputs: %j', async (location) => {
    const world = await openWorld();
    await expect(world.make(REQUESTED, { output: { format: 'BIGQUERY', location } })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'output.location' },
    });
  });

  it('is refused where the operator named no dataset', async () => {
    const world = await openShop();
    for (const location of [null, 'june']) {
      await expect(world.make(REQUESTED, { output: { format: 'BIGQUERY', location } })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        details: { field: 'output.format' },
      });
    }
  });

  it('never takes a table that is there, also if that is empty', async () => {
    const world = await openWorld();
    createTable(server, 'taken');
    const output = { format: 'BIGQUERY', location: 'taken' } as const;
    await expect(world.make(REQUESTED, { output })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'output.location' },
    });
    expect(table('taken').rows).toEqual([]);
  });

  it.each([true, false])(
    'fails with OUTPUT_IN_USE for a table that was made meanwhile (empty: %s)',
    async (isEmpty) => {
      const tables = openOutputDataset(server);
      const world = await openShop({ tables });
      const { load } = tables;
      // Between the look for the table and the load.
      tables.load = async (...args) => {
        const made = createTable(server, 'raced');
        if (!isEmpty) made.rows.push([{ int64_value: '1' }]);
        return load.apply(tables, args);
      };
      const made = await world.make(REQUESTED, { output: { format: 'BIGQUERY', location: 'raced' } });
      expect(made).toMatchObject({ state: 'FAILED', error: { code: 'OUTPUT_IN_USE' } });
      expect(table('raced').rows).toHaveLength(isEmpty ? 0 : 1);
      expect(table('raced').labels).toEqual({});
    },
  );

  it('is loaded once when the answer to its upload is lost', async () => {
    const world = await openWorld();
    server.faults.inject('cutAfter', /POST .*\/upload\//);
    const made = await world.make(REQUESTED, { output: { format: 'BIGQUERY', location: 'once' } });
    expect(made.state).toBe('SUCCEEDED');
    expect(table('once').rows).toHaveLength(14);
    expect(server.loads.all.size).toBe(1);
  });

  it('is loaded by another job of BigQuery when the first one failed for a reason that passes', async () => {
    const world = await openWorld();
    server.loads.failures.push(new ApiError(500, 'backendError', 'Error encountered during job execution.'));
    const made = await world.make(REQUESTED, { output: { format: 'BIGQUERY', location: 'again' } });
    expect(made.state).toBe('SUCCEEDED');
    expect([...server.loads.all.values()].map(({ error }) => error?.reason)).toEqual(['backendError', undefined]);
    expect(table('again').rows).toHaveLength(14);
  });

  it('does not tell a client what BigQuery said of a refused file', async () => {
    const world = await openWorld();
    server.loads.failures.push(new ApiError(400, 'invalid', 'Table secret-project:outputs.x is not well'));
    const made = await world.make(REQUESTED, { output: { format: 'BIGQUERY', location: 'refused' } });
    expect(made).toMatchObject({ state: 'FAILED', error: { code: 'OUTPUT_INVALID' } });
    expect(made.error!.message).not.toContain('secret');
    expect(names()).toEqual([]);
  });

  describeAfterCrash();

  function describeAfterCrash(): void {
    const signal = new AbortController().signal;
    const confirm = async (): Promise<void> => undefined;

    async function madeFile(): Promise<{ output: OutputFile; result: TrainingSetResult }> {
      const world = await openShop();
      const { result } = await world.make(REQUESTED);
      const partial = join(world.files, result!.output.location);
      const output = { format: 'BIGQUERY', location: `${ROOT}crash`, target: `${ROOT}crash`, partial } as const;
      return { output, result: result! };
    }

    it('is recorded and not loaded again after a crash behind the load, also by another gateway', async () => {
      const { output, result } = await madeFile();
      await openOutputDataset(server).load(
        output.partial,
        output.target,
        { owner: 'job-1', checksum: result.provenance!.checksum! },
        signal,
      );
      const tables = openOutputDataset(server);
      const gone = { ...output, partial: `${output.partial}.gone` };
      expect(await publishTableAgain(tables, 'job-1', gone, result, { isHere: false, confirm, signal })).toBe(true);
      expect(server.loads.all.size).toBe(1);
    });

    it('is made again by another gateway after a crash before the load, and loaded again by the same one', async () => {
      const { output, result } = await madeFile();
      const tables = openOutputDataset(server);
      expect(await publishTableAgain(tables, 'job-1', output, result, { isHere: false, confirm, signal })).toBe(false);
      expect(names()).toEqual([]);
      expect(await publishTableAgain(tables, 'job-1', output, result, { isHere: true, confirm, signal })).toBe(true);
      expect(table('crash').rows).toHaveLength(14);
    });

    it('is not loaded by a gateway that has lost the job', async () => {
      const { output, result } = await madeFile();
      const lost = async (): Promise<never> => {
        throw new LeaseLost('job-1');
      };
      const publication = publishTable(openOutputDataset(server), 'job-1', output, result, { confirm: lost, signal });
      await expect(publication).rejects.toThrow(LeaseLost);
      expect(names()).toEqual([]);
    });
  }
});

function createTable(server: BigQueryServer, tableId: string) {
  return server.tables.create(PROJECT, OUTPUTS, {
    tableReference: { projectId: PROJECT, datasetId: OUTPUTS, tableId },
    schema: { fields: [{ name: 'other', type: 'INT64' }] },
  });
}

function describeField({ type, mode, fields }: Field): string {
  const inner = fields ? `(${fields.map((field) => `${field.name} ${describeField(field)}`).join(', ')})` : '';
  return `${type}${mode === 'REPEATED' ? '[]' : ''}${inner}`;
}
