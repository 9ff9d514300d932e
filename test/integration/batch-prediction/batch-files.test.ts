import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { FileFormat } from '../../../datasources/files/file-format.js';
import type { FileOptions } from '../../../datasources/files/file-options.js';
import type { ValueType } from '../../../values/value-type.js';
import { request, waitForEnd, type BatchPredictionLab } from '../../support/batch-prediction-lab.js';
import { echoModel } from '../../support/echo-model.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { openTestLab } from '../../support/test-lab.js';

type Content = string | Uint8Array;

interface Input {
  /** Text, or SQL of a file of Parquet. */
  readonly files: Readonly<Record<string, Content>>;
  readonly names?: readonly string[];
  readonly options?: FileOptions;
  readonly inputs: Readonly<Record<string, ValueType>>;
}

function formatOf(name: string): FileFormat {
  return name.includes('.parquet') ? 'PARQUET' : name.includes('json') ? 'JSONL' : 'CSV';
}

async function start({ files, names = Object.keys(files), options, inputs }: Input) {
  const { model, serving } = echoModel(inputs);
  const lab = await openTestLab({ folder: temporaryFolder(), model, serving });
  for (const [name, content] of Object.entries(files)) {
    const path = join(lab.files.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    if (formatOf(name) !== 'PARQUET') writeFileSync(path, content);
    else
      await lab.scratch.use((connection) => connection.run(`COPY (${String(content)}) TO '${path}' (FORMAT parquet)`));
  }
  const format = formatOf(Object.keys(files)[0]!);
  const input = { kind: 'FILES', files: names, format, ...(options ? { options } : {}) } as const;
  return { lab, model, job: await lab.batch.start(request(input, { model })) };
}

/** The predictions of an echo, and the instances and messages of what failed. */
async function outcomes(lab: BatchPredictionLab, id: string) {
  const job = await waitForEnd(lab, id);
  expect(lab.errors).toEqual([]);
  const all = { after: null, limit: 100 };
  const predictions = await lab.batch.predictions(job, all);
  const failures = await lab.batch.failures(job, all);
  return {
    job,
    instances: predictions.map(({ instance }) => instance),
    read: predictions.map(({ prediction }) => prediction),
    failed: failures.map(({ instance }) => instance),
    messages: failures.map(({ message }) => message),
  };
}

async function readAll(input: Input) {
  const { lab, job } = await start(input);
  return outcomes(lab, job.id);
}

const AMOUNT = { amount: 'DOUBLE', age: 'INT64' } as const;

describe('files of a batch prediction', () => {
  const two = [
    { amount: 1.5, age: '30' },
    { amount: 2.5, age: '40' },
  ];

  it.each<[string, Content, FileOptions?]>([
    ['semicolon.csv', 'amount;age\n1,5;30\n2,5;40\n', { delimiter: ';', decimal: ',' }],
    ['tabs.tsv', 'amount\tage\n1.5\t30\n2.5\t40\n'],
    ['packed.csv.gz', gzipSync('amount,age\n1.5,30\n2.5,40\n')],
    ['packed.csv', gzipSync('amount,age\n1.5,30\n2.5,40\n'), { compression: 'GZIP' }],
    ['utf16.csv', Buffer.from('\uFEFFamount,age\n1.5,30\n2.5,40\n', 'utf16le'), { encoding: 'UTF-16LE' }],
    ['quoted.csv', 'amount,age\r\n"1.5","30"\r\n\r\n2.5,40'],
    ['packed.jsonl.gz', gzipSync('{"amount":1.5,"age":30}\n\n{"age":40.0,"amount":"2.5"}\n')],
  ])('are read in the dialect that is said of them: %s', async (name, content, options) => {
    const input = { files: { [name]: content }, inputs: AMOUNT, ...(options ? { options } : {}) };
    expect((await readAll(input)).read).toEqual(two);
  });

  it.each<[string, string, unknown]>([
    ['DECIMAL(5,2)', '1.50', 1.5],
    ['DECIMAL(38,2)', `'123456789012345678901234567890123456.78'`, '123456789012345678901234567890123456.78'],
    ['DECIMAL(38,23)', `'0.12345678901234567890123'`, '0.12345678901234567890123'],
    ['DECIMAL(38,0)', `'12345678901234567890123456789012345678'`, '12345678901234567890123456789012345678'],
    ['BIGINT', '9007199254740993', '9007199254740993'],
    ['UBIGINT', '18446744073709551615', '18446744073709551615'],
    ['BIGINT', '5', 5],
    ['DOUBLE', '0.1', 0.1],
    ['DOUBLE', `'nan'`, 'NaN'],
    ['DOUBLE', `'-inf'`, '-Infinity'],
    ['BLOB', `'\\x00\\xFF'`, 'AP8='],
    ['DATE', `'2024-01-05'`, '2024-01-05'],
    ['VARCHAR', `'1E5'`, '1E5'],
    ['DECIMAL(38,2)[]', `['1.50', '12345678901234567890.12', NULL]`, [1.5, '12345678901234567890.12', null]],
    ['MAP(VARCHAR, DECIMAL(38,2))', `MAP {'k': '12345678901234567890.12'}`, { k: '12345678901234567890.12' }],
    ['MAP(INTEGER, DECIMAL(5,2))', `MAP {7: 1.50}`, { 7: 1.5 }],
    ['STRUCT(d DECIMAL(38,2))', `{d: '12345678901234567890.12'}`, { d: '12345678901234567890.12' }],
  ])('give every digit inside of a STRUCT: %s %s', async (type, value, expected) => {
    const content = `SELECT {v: CAST(${value} AS ${type})} AS s, MAP {'v': CAST(${value} AS ${type})} AS m UNION ALL SELECT {v: NULL}, NULL`;
    const { read, instances, job } = await readAll({
      files: { 'in.parquet': content },
      inputs: { s: 'STRUCT', m: 'STRUCT' },
    });
    expect(job).toMatchObject({ state: 'SUCCEEDED', error: null });
    expect(read).toEqual([
      { s: { v: expected }, m: { v: expected } },
      { s: { v: null }, m: null },
    ]);
    expect(instances).toEqual(read);
  });

  it('give the double that is nearest to a decimal', async () => {
    const files = { 'in.parquet': `SELECT CAST('1e-30' AS DECIMAL(38,32)) AS x UNION ALL SELECT 0.25` };
    expect((await readAll({ files, inputs: { x: 'DOUBLE' } })).read).toEqual([{ x: 1e-30 }, { x: 0.25 }]);
  });

  it.each([
    ['0.00000000000000000000000000000000000001', 1e-38],
    ['-0.00000000000000000000000000000000000125', -1.25e-36],
    ['0.50000000000000000000000000000000000000', 0.5],
  ])('give the double of a decimal without digits before the point: %s', async (digits, x) => {
    const files = { 'in.parquet': `SELECT CAST('${digits}' AS DECIMAL(38,38)) AS x` };
    expect((await readAll({ files, inputs: { x: 'DOUBLE' } })).read).toEqual([{ x }]);
  });

  it('without a header have the columns column1, column2, …', async () => {
    const inputs = { column1: 'DOUBLE', column2: 'INT64' } as const;
    const { read } = await readAll({ files: { 'in.csv': '1.5,30\n' }, inputs, options: { header: false } });
    expect(read).toEqual([{ column1: 1.5, column2: '30' }]);
  });

  it('keep texts of another encoding, line breaks in quotes, and nothing apart from an empty text', async () => {
    const content = Buffer.from('amount,age,city,note\n1.5,30,Zürich,"a\nb"\n2.5,40,"",\n3.5,50,-,"-"\n', 'latin1');
    const options = { encoding: 'ISO-8859-1', nullText: '-' };
    const { instances } = await readAll({ files: { 'in.csv': content }, inputs: AMOUNT, options });
    expect(instances).toEqual([
      { amount: 1.5, age: '30', city: 'Zürich', note: 'a\nb' },
      { amount: 2.5, age: '40', city: '', note: null },
      { amount: 3.5, age: '50', city: null, note: '-' },
    ]);
  });

  it.each<[string, Record<string, Content>, string]>([
    [
      'a folder of Parquet',
      {
        'table/day=2024-02-01/part-0.parquet': 'SELECT 1.5::DOUBLE AS amount, 30 AS age',
        'table/day=2024-02-02/part-0.parquet': 'SELECT 2.5::DOUBLE AS amount, 40 AS age',
      },
      'table',
    ],
    [
      'a folder of CSV',
      { 'table/day=2024-02-01/0.csv': 'amount,age\n1.5,30\n', 'table/day=2024-02-02/0.csv': 'amount,age\n2.5,40\n' },
      'table',
    ],
    [
      'a pattern',
      { 'day=2024-02-01/a.jsonl': '{"amount":1.5,"age":30}', 'day=2024-02-02/b.jsonl': '{"amount":2.5,"age":40}' },
      '*/*.jsonl',
    ],
  ])('are %s, with the columns that the folders name', async (_, files, name) => {
    const { read, instances } = await readAll({ files, names: [name], inputs: AMOUNT });
    expect(read).toEqual(two);
    expect(instances.map(({ day }) => day)).toEqual(['2024-02-01', '2024-02-02']);
  });

  it.each<[string, Content, string]>([
    ['zero.csv', '', '"zero.csv": it is empty'],
    ['zero.jsonl', '', '"zero.jsonl": it is empty'],
    ['array.json', '[{"amount":1.5,"age":2}]', '"array.json", line 1: it is a list'],
    ['lists.jsonl', '[1.5, 2]\n[2.5, 3]\n', 'with a name for each value'],
    ['plain.csv.gz', 'amount,age\n1,2\n', 'it is not a complete gzip file'],
    ['twice.csv', 'amount,age,amount\n1,2,3\n', 'are both called "amount"'],
    ['long.csv', 'amount,age\n1,2\n1,2,3\n', '"long.csv", line 3: it has 3 fields, the header has 2'],
    ['open.csv', 'amount,age\n1,"2\n', '"open.csv", line 2: a double quote opens a field and nothing closes it'],
    ['semicolon.csv', 'amount;age\n1,5;30\n', 'If ";" separates the fields, set "delimiter", and "decimal"'],
    ['semicolons.csv', 'amount;age\n1;30\n', 'It has: amount;age. If ";" separates the fields, set "delimiter"'],
    ['latin.csv', Buffer.from('amount,age,city\n1,2,Zürich\n', 'latin1'), 'Set "encoding" to the encoding of the file'],
    ['case.csv', 'Amount,age\n1,2\n', 'lacks columns that the model needs: amount. It has: Amount, age'],
    ['wide.csv', `${Array.from({ length: 20_000 }, (_, i) => `c${i}`).join(',')}\n`, 'more than 2000 columns'],
    ['deep.jsonl', `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 'nested deeper than 64 levels'],
    ['date.parquet', `SELECT 1.5 AS amount, DATE '2024-01-05' AS age`, 'age is DATE, not INT64'],
  ])('are refused before a job is started, in one sentence: %s', async (name, content, message) => {
    await expect(start({ files: { [name]: content }, inputs: AMOUNT })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'input.files' },
      message: expect.stringContaining(message) as string,
    });
  });

  it('are refused with an option that their format does not have', async () => {
    const files = { 'in.parquet': 'SELECT 1.5 AS amount, 1 AS age' };
    await expect(start({ files, inputs: AMOUNT, options: { delimiter: ';' } })).rejects.toMatchObject({
      details: { field: 'input.files.delimiter' },
    });
  });

  it('are another input when a file of the folder has another name', async () => {
    const { lab, job } = await start({ files: { 't/a.csv': 'amount,age\n1,2\n' }, names: ['t'], inputs: AMOUNT });
    const { checkpoint } = await waitForEnd(lab, job.id);
    expect(checkpoint!.fingerprint).toMatch(/^"t\/a\.csv" \d+ \d+$/);
  });
});

describe('values of a batch prediction', () => {
  it.each([
    ['batch.csv', 'is_new,age,id\n0,36.0,7\n1,-1,7\n1,2,7\n'],
    [
      'batch.parquet',
      'SELECT is_new::BIGINT AS is_new, age::DOUBLE AS age, 7 AS id FROM (VALUES (0, 36), (1, -1), (1, 2)) AS v(is_new, age)',
    ],
    ['batch.jsonl', '{"is_new":0,"age":36.0,"id":7}\n{"is_new":1,"age":-1,"id":"7"}\n{"is_new":true,"age":2,"id":7}\n'],
  ])('are converted by the value, not by the type of the column: %s', async (name, content) => {
    const inputs = { is_new: 'BOOL', age: 'INT64', id: 'STRING' } as const;
    expect((await readAll({ files: { [name]: content }, inputs })).read).toEqual([
      { is_new: false, age: '36', id: '7' },
      { is_new: true, age: '-1', id: '7' },
      { is_new: true, age: '2', id: '7' },
    ]);
  });

  it.each([
    ['in.csv', 'amount,age\n"1,5",30\n2.5,40.5\n3.5,50\n', '"in.csv", line 2: ', '"in.csv", line 3: '],
    [
      'in.parquet',
      `SELECT * FROM (VALUES ('1,5', 30.0), ('2.5', 40.5), ('3.5', 50.0)) AS v(amount, age)`,
      '"in.parquet": row 0 (from 0), ',
      '"in.parquet": row 1 (from 0), ',
    ],
  ])('that do not fit fail alone: %s', async (name, content, first, second) => {
    const { job, read, messages, failed } = await readAll({ files: { [name]: content }, inputs: AMOUNT });
    expect(job.state).toBe('PARTIALLY_SUCCEEDED');
    expect(read).toEqual([{ amount: 3.5, age: '50' }]);
    expect(messages).toEqual([
      `${first}column "amount": "1,5" is not a DOUBLE. If the comma is its decimal separator, set "decimal" to ",".`,
      `${second}column "age": "40.5" is not an INT64.`,
    ]);
    expect(failed).toEqual([
      { amount: '1,5', age: '30' },
      { amount: 2.5, age: '40.5' },
    ]);
  });

  const at = { at: 'TIMESTAMP' } as const;
  it.each<[string, FileOptions, string]>([
    ['2024-01-05T18:00Z', {}, '2024-01-05T18:00:00Z'],
    ['2024-01-05 18:00:00', { timeZone: 'Europe/Zurich' }, '2024-01-05T17:00:00Z'],
    ['05/01/2024 18:00', { timeZone: 'UTC', timestampFormat: '%d/%m/%Y %H:%M' }, '2024-01-05T18:00:00Z'],
    ['2024-01-05', { timeZone: 'UTC', dateAsMoment: 'END_OF_DAY' }, '2024-01-06T00:00:00Z'],
  ])('are moments when the zone is known: %s with %j', async (time, options, expected) => {
    const { read, job } = await readAll({ files: { 'in.csv': `at\n${time}\n` }, inputs: at, options });
    expect(job.error).toBeNull();
    expect(read).toEqual([{ at: expected }]);
  });

  it('are no moments when the zone, the hour or the last digits would be a guess', async () => {
    const content = 'at\n2024-01-05 18:00:00\n2024-01-05\n01/02/2024 10:00\n2024-01-05T18:00:00.1234567Z\n';
    const { messages } = await readAll({ files: { 'in.csv': content }, inputs: at });
    expect(messages).toEqual([
      expect.stringContaining('"in.csv", line 2: column "at": "2024-01-05 18:00:00" has no time zone') as string,
      expect.stringContaining('is a date and not a moment') as string,
      expect.stringContaining('is not a moment of ISO 8601') as string,
      expect.stringContaining('is finer than a microsecond') as string,
    ]);
  });

  it('of nanoseconds are read when they are whole microseconds', async () => {
    const times = ['2024-01-05 18:00:00.123456000', '2024-01-05 18:00:00.123456789'];
    const content = `SELECT "at", "at" AS other FROM (SELECT unnest(['${times.join("', '")}'])::TIMESTAMP_NS AS "at")`;
    const { read, messages } = await readAll({ files: { 'in.parquet': content }, inputs: at });
    expect(read).toEqual([{ at: '2024-01-05T18:00:00.123456Z' }]);
    expect(messages).toEqual([
      expect.stringContaining('row 1 (from 0), column "at": 2024-01-05 18:00:00.123456789 is finer'),
    ]);
  });

  it('fail in columns of which no value can be a moment, at the start', async () => {
    const files = { 'in.parquet': `SELECT DATE '2024-01-05' AS at` };
    await expect(start({ files, inputs: at })).rejects.toThrow('at is DATE, not TIMESTAMP (say by dateAsMoment');
    const { read } = await readAll({ files, inputs: at, options: { timeZone: 'UTC', dateAsMoment: 'START_OF_DAY' } });
    expect(read).toEqual([{ at: '2024-01-05T00:00:00Z' }]);
  });
});
