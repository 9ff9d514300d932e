import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Instance } from '../../../batch-prediction/models/model-serving.js';
import type { BatchInput, BatchOutput } from '../../../batch-prediction/batch-predictions.js';
import { request, waitForEnd, type BatchPredictionLab } from '../../support/batch-prediction-lab.js';
import { echoModel } from '../../support/echo-model.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { openTestLab } from '../../support/test-lab.js';

/** Columns beside the model's, and how JSON lines have their value. */
const KEPT: readonly (readonly [type: string, value: string, json: unknown])[] = [
  ['BOOLEAN', 'true', true],
  ['INTEGER', '-5', '-5'],
  ['BIGINT', '9007199254740993', '9007199254740993'],
  ['UBIGINT', '18446744073709551615', '18446744073709551615'],
  ['FLOAT', '0.1', 0.1],
  ['DOUBLE', '1e300', 1e300],
  ['DOUBLE', `'nan'`, 'NaN'],
  ['DECIMAL(5,2)', '1.50', '1.50'],
  ['DECIMAL(38,0)', `'12345678901234567890123456789012345678'`, '12345678901234567890123456789012345678'],
  ['VARCHAR', `''`, ''],
  ['VARCHAR', `'00501'`, '00501'],
  ['VARCHAR', `'1E5'`, '1E5'],
  ['VARCHAR', `'a "b" \\ c' || chr(10) || '✈'`, 'a "b" \\ c\n✈'],
  ['BLOB', `'\\x00\\xFF'`, 'AP8='],
  ['JSON', `'{"a": 1E5, "b": [12345678901234567891]}'`, { a: 1e5, b: ['12345678901234567891'] }],
  ['UUID', `'00000000-0000-0000-0000-000000000001'`, '00000000-0000-0000-0000-000000000001'],
  ['DATE', `'2020-01-01'`, '2020-01-01'],
  ['TIME', `'01:02:03.000004'`, '01:02:03.000004'],
  ['TIMESTAMP', `'2020-01-01 00:00:00.000001'`, '2020-01-01T00:00:00.000001'],
  ['TIMESTAMP WITH TIME ZONE', `'2020-01-01 00:00:00+02'`, '2019-12-31T22:00:00Z'],
  ['INTEGER[]', '[1, NULL, 3]', [1, null, 3]],
  ['VARCHAR[]', `['a,b', 'c''d', NULL]`, ['a,b', "c'd", null]],
  ['DATE[]', `['2020-01-01']`, ['2020-01-01']],
  ['DECIMAL(38,2)[]', `['123456789012345678901234567890123456.78']`, ['123456789012345678901234567890123456.78']],
  ['MAP(VARCHAR, INTEGER)', `MAP {'a, b': 1}`, { 'a, b': 1 }],
  ['MAP(INTEGER, VARCHAR)', `MAP {1: 'x'}`, [{ key: 1, value: 'x' }]],
  [`STRUCT(a INTEGER, "b c" DOUBLE)`, `{a: 1, 'b c': 'nan'}`, { a: 1, 'b c': 'NaN' }],
];

/** These only a table has, and only JSON lines carry. */
const WIDE: typeof KEPT = [
  ['HUGEINT', `'12345678901234567891'`, '12345678901234567891'],
  ['HUGEINT[]', `['12345678901234567891']`, ['12345678901234567891']],
  ['INTERVAL', `'1 month 3 microseconds'`, '1 month 00:00:00.000003'],
  ['TIME WITH TIME ZONE', `'01:02:03+02'`, '01:02:03+02'],
];

const select = (columns: typeof KEPT): string => {
  const values = columns.map(([type, value], index) => `CAST(${value} AS ${type}) AS c${index}`);
  const nulls = columns.map(([type], index) => `CAST(NULL AS ${type}) AS c${index}`);
  return `SELECT 1 AS a, ${values.join(', ')} UNION ALL SELECT 2 AS a, ${nulls.join(', ')}`;
};

const { model } = echoModel({ a: 'INT64' });

async function openEcho(seen: Instance[] = []): Promise<BatchPredictionLab> {
  const { serving } = echoModel({ a: 'INT64' });
  serving.faults.onRequest = ({ instances }) => void seen.push(...instances);
  return openTestLab({ folder: temporaryFolder(), model, serving });
}

async function predict(lab: BatchPredictionLab, input: BatchInput, format: BatchOutput['format']) {
  const { id } = await lab.batch.start(request(input, { model, output: { format, location: 'out' } }));
  const job = await waitForEnd(lab, id);
  expect(lab.errors).toEqual([]);
  return job;
}

const PARQUET = { kind: 'FILES', files: ['in.parquet'], format: 'PARQUET' } as const;

async function query(lab: BatchPredictionLab, sql: string): Promise<Record<string, unknown>[]> {
  return lab.offline.use(async (connection) => (await connection.runAndReadAll(sql)).getRowObjectsJson());
}

describe('columns that the model does not use', () => {
  it.each(['FILES', 'TABLE'] as const)('come out of %s into Parquet and tables as they went in', async (kind) => {
    const lab = await openEcho();
    const path = join(lab.files.folder, 'in.parquet');
    await query(lab, `CREATE TABLE wide AS ${select(KEPT)}`);
    await query(lab, `COPY wide TO '${path}' (FORMAT parquet)`);
    const input: BatchInput = kind === 'FILES' ? PARQUET : { kind, table: 'wide' };
    const job = await predict(lab, input, 'TABLE');
    expect(job).toMatchObject({ state: 'SUCCEEDED', error: null });
    const written = `read_parquet('${lab.files.folder}/batch-predictions/${job.id}/predictions-*.parquet')`;
    for (const output of [written, 'predictions.out']) {
      const rows = `(SELECT unnest(instance) FROM ${output})`;
      // JSON text is text in Parquet, as Parquet has it here and there.
      const columns = KEPT.map(([type], index) => (type === 'JSON' ? `CAST(c${index} AS VARCHAR)` : `c${index}`));
      const list = `CAST(a AS BIGINT) AS a, ${columns.join(', ')}`;
      expect(await query(lab, `SELECT ${list} FROM ${rows} EXCEPT ALL SELECT ${list} FROM '${path}'`)).toEqual([]);
      const types = async (from: string) =>
        (await query(lab, `DESCRIBE SELECT ${columns.join(', ')} FROM ${from}`)).map((row) => row.column_type);
      expect(await types(rows)).toEqual(await types(`'${path}'`));
    }
  });

  it.each(['PARQUET', 'JSONL'] as const)(
    'are the same to clients and models whatever the output is: %s',
    async (format) => {
      const seen: Instance[] = [];
      const lab = await openEcho(seen);
      const columns = format === 'JSONL' ? [...KEPT, ...WIDE] : KEPT;
      await query(lab, `CREATE TABLE wide AS ${select(columns)}`);
      const job = await predict(lab, { kind: 'TABLE', table: 'wide' }, format);
      const [first, second] = await lab.batch.predictions(job, { after: null, limit: 10 });
      const expected = Object.fromEntries(columns.map(([, , json], index) => [`c${index}`, json]));
      expect(first!.instance).toEqual({ a: '1', ...expected });
      expect(second!.instance).toEqual({
        a: '2',
        ...Object.fromEntries(columns.map((_, index) => [`c${index}`, null])),
      });
      expect(seen[0]).toMatchObject({
        a: 1n,
        c0: true,
        c1: -5n,
        c2: 9007199254740993n,
        c7: '1.50',
        c13: new Uint8Array([0, 255]),
      });
    },
  );

  it.each(WIDE)('of type %s are refused at the start where the output is Parquet', async (type, value) => {
    const lab = await openEcho();
    await query(lab, `CREATE TABLE wide AS SELECT 1 AS a, CAST(${value} AS ${type}) AS c`);
    for (const format of ['PARQUET', 'TABLE'] as const) {
      await expect(predict(lab, { kind: 'TABLE', table: 'wide' }, format)).rejects.toMatchObject({
        details: { field: 'output.format' },
        message: expect.stringMatching(
          /^Column "c" is .*, which PARQUET cannot carry: .*, or choose JSONL\.$/,
        ) as string,
      });
    }
  });

  it('of unions are refused in every format', async () => {
    const lab = await openEcho();
    await query(lab, `CREATE TABLE wide AS SELECT 1 AS a, union_value(n := 1)::UNION(n INTEGER, t VARCHAR) AS c`);
    for (const format of ['PARQUET', 'JSONL', 'TABLE'] as const) {
      await expect(predict(lab, { kind: 'TABLE', table: 'wide' }, format)).rejects.toMatchObject({
        details: { field: 'output.format' },
      });
    }
  });

  it.each(['PARQUET', 'JSONL'] as const)('of CSV keep their text in %s', async (format) => {
    const lab = await openEcho();
    const rows = [
      '1,1E5,12345678901234567890,01/02/2024,00501,"",x',
      '2,2E7,98765432109876543210,03/04/2024,1,,"y\nz"',
    ];
    writeFileSync(join(lab.files.folder, 'in.csv'), `a,code,acct,day,zip,e,note\n${rows.join('\n')}\n`);
    await predict(lab, { kind: 'FILES', files: ['in.csv'], format: 'CSV' }, format);
    const from = `'${lab.files.folder}/out/predictions-*.${format.toLowerCase()}'`;
    const fields = ['code', 'acct', 'day', 'zip', 'e', 'note'];
    const list =
      format === 'PARQUET'
        ? fields.map((name) => `instance.${name}`)
        : fields.map((name) => `json_extract_string(instance, '${name}')`);
    const source = format === 'PARQUET' ? from : `read_json(${from}, columns = {instance: 'JSON'})`;
    const written = await query(lab, `SELECT [${list.join(', ')}] AS row FROM ${source}`);
    expect(written.map(({ row }) => row)).toEqual([
      ['1E5', '12345678901234567890', '01/02/2024', '00501', '', 'x'],
      ['2E7', '98765432109876543210', '03/04/2024', '1', null, 'y\nz'],
    ]);
  });

  const tokens = '"n":-5,"e":1E5,"acct":12345678901234567890.10,"tags":["x", {"deep":1.50}],"zip":"00501"';

  it('of JSON lines keep their bytes in JSON lines, and in Parquet as text', async () => {
    const lab = await openEcho();
    writeFileSync(join(lab.files.folder, 'in.jsonl'), `{"a":1,${tokens}}\n`);
    const input = { kind: 'FILES', files: ['in.jsonl'], format: 'JSONL' } as const;
    const job = await predict(lab, input, 'JSONL');
    const [read] = await lab.batch.predictions(job, { after: null, limit: 1 });
    expect(read!.instance).toMatchObject({ acct: '12345678901234567890.10', tags: ['x', { deep: 1.5 }] });
    expect(readFileSync(join(lab.files.folder, 'out/predictions-00001.jsonl'), 'utf8')).toBe(
      `{"instance_number":0,"instance":{"a":"1",${tokens}},"prediction":{"a":"1"}}\n`,
    );
    const { id } = await lab.batch.start(request(input, { model }));
    await waitForEnd(lab, id);
    const from = `'${lab.files.folder}/batch-predictions/${id}/predictions-*.parquet'`;
    const [row] = await query(lab, `SELECT unnest(instance) FROM ${from}`);
    expect(row).toEqual({
      a: '1',
      n: '-5',
      e: '1E5',
      acct: '12345678901234567890.10',
      tags: '["x", {"deep":1.50}]',
      zip: '"00501"',
    });
  });

  it('of JSON lines may be numbers that JSON does not have', async () => {
    const lab = await openEcho();
    writeFileSync(join(lab.files.folder, 'in.jsonl'), '{"a":1,"n":NaN,"l":[-Infinity,"NaN \\"x"]}\n');
    const job = await predict(lab, { kind: 'FILES', files: ['in.jsonl'], format: 'JSONL' }, 'JSONL');
    const [first] = await lab.batch.predictions(job, { after: null, limit: 1 });
    expect(first!.instance).toEqual({ a: '1', n: 'NaN', l: ['-Infinity', 'NaN "x'] });
  });

  it('of JSON lines are found in any line', async () => {
    const lab = await openEcho();
    const lines = Array.from({ length: 20_001 }, (_, index) => `{"a":${index}}`);
    writeFileSync(join(lab.files.folder, 'in.jsonl'), `${lines.join('\n')}\n{"a":0,"late":true}\n`);
    const job = await predict(lab, { kind: 'FILES', files: ['in.jsonl'], format: 'JSONL' }, 'PARQUET');
    const [last] = await lab.batch.predictions(job, { after: 20_000n, limit: 1 });
    expect(last!.instance).toEqual({ a: '0', late: true });
  });

  it.each(['PARQUET', 'JSONL'] as const)('keep their values through failures and a retry (%s)', async (format) => {
    const { serving } = echoModel({ a: 'INT64' });
    const lab = await openTestLab({ folder: temporaryFolder(), model, serving });
    writeFileSync(join(lab.files.folder, 'in.jsonl'), `{"a":1,${tokens}}\n{"a":1.5,${tokens}}\n[1]\n`);
    const { answer } = serving;
    serving.answer = () => ({ kind: 'failure', code: 'INSTANCE_REFUSED', message: 'No.' });
    const first = await predict(lab, { kind: 'FILES', files: ['in.jsonl'], format: 'JSONL' }, format);
    serving.answer = answer;
    const retry = await lab.batch.retryFailed(first, { createdBy: null, idempotencyKey: null });
    const second = await waitForEnd(lab, retry.id);
    expect(lab.errors).toEqual([]);
    const from = `${lab.files.folder}/batch-predictions/${second.id}/predictions-00001`;
    if (format === 'JSONL') {
      expect(readFileSync(`${from}.jsonl`, 'utf8')).toContain(`"instance":{"a":"1",${tokens.replaceAll(', {', ',{')}}`);
    } else {
      const [row] = await query(lab, `SELECT unnest(instance) FROM '${from}.parquet'`);
      expect(row).toMatchObject({ a: '1', e: '1E5', acct: '12345678901234567890.10', zip: '"00501"' });
    }
    expect((await lab.batch.failures(second, { after: null, limit: 10 })).map(({ message }) => message)).toEqual([
      '"in.jsonl", line 2: column "a": "1.5" is not an INT64.',
      '"in.jsonl", line 3: the line is a list.',
    ]);
  });

  it('may be called like properties of all objects', async () => {
    const seen: Instance[] = [];
    const lab = await openEcho(seen);
    const line = '{"a":1,"__proto__":"x","constructor":null,"toString":"y"}';
    writeFileSync(join(lab.files.folder, 'in.jsonl'), `${line}\n{"a":"no"}\n`);
    const job = await predict(lab, { kind: 'FILES', files: ['in.jsonl'], format: 'JSONL' }, 'PARQUET');
    const [first] = await lab.batch.predictions(job, { after: null, limit: 1 });
    expect(JSON.stringify(first!.instance)).toBe(line.replace(':1,', ':"1",'));
    expect(Object.hasOwn(seen[0]!, '__proto__')).toBe(true);
    const [failure] = await lab.batch.failures(job, { after: null, limit: 1 });
    expect(JSON.stringify(failure!.instance)).toBe('{"a":"no","__proto__":null,"constructor":null,"toString":null}');
  });
});

describe('moments of a batch prediction', () => {
  it('are adjusted to UTC in Parquet', async () => {
    const { model: echo, serving } = echoModel({ at: 'TIMESTAMP' });
    const lab = await openTestLab({ folder: temporaryFolder(), model: echo, serving });
    writeFileSync(join(lab.files.folder, 'in.csv'), 'at\n2024-01-05T18:00:00.5+01:00\n');
    const input = { kind: 'FILES', files: ['in.csv'], format: 'CSV' } as const;
    const { id } = await lab.batch.start(
      request(input, { model: echo, output: { format: 'PARQUET', location: 'out' } }),
    );
    const job = await waitForEnd(lab, id);
    expect((await lab.batch.predictions(job, { after: null, limit: 1 }))[0]).toMatchObject({
      instance: { at: '2024-01-05T17:00:00.5Z' },
      prediction: { at: '2024-01-05T17:00:00.5Z' },
    });
    const schema = await query(
      lab,
      `SELECT logical_type FROM parquet_schema('${lab.files.folder}/out/predictions-00001.parquet') WHERE name = 'at'`,
    );
    expect(schema).toHaveLength(2);
    for (const { logical_type: type } of schema) expect(type).toContain('isAdjustedToUTC=1');
  });
});
