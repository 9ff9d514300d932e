import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FileOptions } from '../../../datasources/files/file-options.js';
import { NO_LIMIT } from '../../support/training-set-dependencies.js';
import { CUSTOMER, openShop, REQUEST } from '../../support/shop-history.js';

const CASES = join(import.meta.dirname, '../../cases/files');
const NEWEST = { code: 'BAD_USER_INPUT', details: { field: 'labels.source.file.path' } };

/** A training set of a file of labels, and the rows of its output. */
async function makeOf(
  name: string,
  content: string | Uint8Array,
  options?: FileOptions,
  format: 'PARQUET' | 'CSV' = 'PARQUET',
) {
  const shop = await openShop();
  writeFileSync(join(shop.files, name), content);
  const of = name.includes('json') ? 'JSONL' : 'CSV';
  const labels = { kind: 'FILE', file: name, format: of, timeColumn: 'at', ...(options ? { options } : {}) } as const;
  const location = format === 'PARQUET' ? 'out.parquet' : 'out.csv';
  const job = await shop.make({ ...REQUEST, joins: [CUSTOMER], labels }, { output: { format, location } });
  const from =
    format === 'PARQUET' ? `'${shop.files}/${location}'` : `read_csv('${shop.files}/${location}', all_varchar = true)`;
  return { job, rows: job.state === 'SUCCEEDED' ? await shop.query(`SELECT * FROM ${from}`) : [], shop };
}

const AT = '2001-09-09T01:47:29Z';

describe('columns of labels', () => {
  it.each(['PARQUET', 'CSV'] as const)('come out as they went in, as %s', async (format) => {
    const content = `who,at,code,acct,day,zip\nann,${AT},1E5,12345678901234567890,01/02/2024,00501\nann,${AT},2E7,98765432109876543210,03/04/2024,1\n`;
    const { rows } = await makeOf('labels.csv', content, undefined, format);
    expect(rows).toMatchObject([
      { code: '1E5', acct: '12345678901234567890', day: '01/02/2024', zip: '00501' },
      { code: '2E7', acct: '98765432109876543210', day: '03/04/2024', zip: '1' },
    ]);
  });

  it('of JSON lines keep their digits', async () => {
    const line = (n: string) => `{"who":"ann","at":"${AT}","n":${n},"zip":"00501"}\n`;
    const { rows } = await makeOf('labels.jsonl', line('-5') + line('7'));
    expect(rows).toMatchObject([
      { n: -5n, zip: '00501' },
      { n: 7n, zip: '00501' },
    ]);
  });
});

describe('times of labels', () => {
  it.each<[string, FileOptions, string]>([
    ['2001-09-09 01:47:29', { timeZone: 'UTC' }, '1'],
    ['2001-09-09 03:47:29', { timeZone: 'Europe/Zurich' }, '1'],
    ['09/09/2001 01:47', { timeZone: 'UTC', timestampFormat: '%d/%m/%Y %H:%M' }, '1'],
    ['2001-09-10', { timeZone: 'UTC', dateAsMoment: 'START_OF_DAY' }, 'null'],
  ])('%s with %j', async (time, options, orders) => {
    const { job, rows } = await makeOf('labels.csv', `who,at\nann,${time}\n`, options);
    expect(job.state).toBe('SUCCEEDED');
    expect(String(rows[0]!.orders_7d)).toBe(orders);
  });

  it.each([
    ['2001-09-09 01:47:29', '"labels.csv", line 3, label 1: "2001-09-09 01:47:29" has no time zone', '"timeZone"'],
    ['2001-09-09', '"labels.csv", line 3, label 1: "2001-09-09" is a date and not a moment', '"dateAsMoment"'],
  ])('are not guessed: %s', async (time, place, option) => {
    const { job } = await makeOf('labels.csv', `who,at\nann,${AT}\nann,${time}\n`);
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'BAD_USER_INPUT' } });
    expect(job.error!.message).toContain(place);
    expect(job.error!.message).toContain(option);
  });
});

describe('options about times', () => {
  const OTHERS = {
    naive: `TIMESTAMP '2024-01-05 10:00:00.000001'`,
    seconds: `TIMESTAMP_S '2024-01-05 10:00:00'`,
    // Zurich has this time twice.
    twice: `TIMESTAMP '2023-10-29 02:30:00'`,
    nanoseconds: `TIMESTAMP_NS '2024-01-05 10:00:00.000001'`,
    day: `DATE '2024-01-05'`,
    moment: `TIMESTAMPTZ '2024-01-05 10:00:00+02'`,
  };

  it.each<[string, FileOptions, number]>([
    [`TIMESTAMP '2001-09-09 03:47:29'`, { timeZone: 'Europe/Zurich' }, 1_000_000_049],
    [`DATE '2001-09-09'`, { timeZone: 'Europe/Zurich', dateAsMoment: 'END_OF_DAY' }, 1_000_072_800],
  ])('of Parquet are about the time of a label alone: %s with %j', async (time, options, second) => {
    const { make, files, query } = await openShop();
    const others = Object.entries(OTHERS).map(([name, value]) => `${value} AS ${name}`);
    const source = `SELECT 'ann' AS who, ${time} AS "at", ${others.join(', ')}`;
    await query(`COPY (${source}) TO '${files}/labels.parquet' (FORMAT parquet)`);
    const labels = { kind: 'FILE', file: 'labels.parquet', format: 'PARQUET', timeColumn: 'at', options } as const;
    const output = { format: 'PARQUET', location: 'out.parquet' } as const;
    const job = await make({ ...REQUEST, joins: [CUSTOMER], labels }, { output });
    expect(job.error).toBeNull();
    const texts = Object.keys(OTHERS).map((name) => `CAST(${name} AS VARCHAR) AS ${name}`);
    const [written] = await query(`SELECT ${texts.join(', ')} FROM '${files}/out.parquet'`);
    const [read] = await query(`SELECT ${texts.join(', ')} FROM '${files}/labels.parquet'`);
    expect(written).toEqual(read);
    expect(await query(`SELECT epoch_us("at") AS us FROM '${files}/out.parquet'`)).toEqual([
      { us: BigInt(second) * 1_000_000n },
    ]);
  });
});

describe('a DATE as the time of labels', () => {
  const labelsOf = (file: string, options: FileOptions = {}) =>
    ({ kind: 'FILE', file, format: 'PARQUET', timeColumn: 'day', options }) as const;
  const output = { format: 'PARQUET', location: 'out.parquet' } as const;

  it('is refused where nothing says which time of the day it stands for', async () => {
    const { make, files, query } = await openShop();
    await query(`COPY (SELECT 'ann' AS who, DATE '2001-09-09' AS day) TO '${files}/days.parquet' (FORMAT parquet)`);
    await query(`CREATE TABLE days AS SELECT 'ann' AS who, DATE '2001-09-09' AS day`);
    const made = (labels: Parameters<typeof make>[0]['labels']) =>
      make({ ...REQUEST, joins: [CUSTOMER], labels }, { output });
    await expect(made(labelsOf('days.parquet'))).rejects.toMatchObject({
      message: expect.stringMatching(/"day" of the labels is DATE.*dateAsMoment and timeZone/),
      details: { field: 'labels.timeColumn' },
    });
    await expect(made({ kind: 'TABLE', table: 'days', timeColumn: 'day' })).rejects.toMatchObject({
      message: expect.stringMatching(/"day" of the labels is DATE.*TIMESTAMP in UTC/),
    });
  });

  it('may be a partition folder', async () => {
    const { make, files, query } = await openShop();
    const source = `SELECT 'ann' AS who, DATE '2001-09-09' AS day`;
    await query(`COPY (${source}) TO '${files}/days' (FORMAT parquet, PARTITION_BY day)`);
    const known: unknown[] = [];
    for (const dateAsMoment of ['START_OF_DAY', 'END_OF_DAY'] as const) {
      const labels = labelsOf('days', { timeZone: 'Europe/Zurich', dateAsMoment });
      const out = { ...output, location: `${dateAsMoment}.parquet` };
      const job = await make({ ...REQUEST, joins: [CUSTOMER], labels }, { output: out });
      expect(job.error).toBeNull();
      known.push(...(await query(`SELECT city FROM '${files}/${out.location}'`)));
    }
    // The city of ann is known since 01:46:40 UTC of that day.
    expect(known).toEqual([{ city: null }, { city: 'Genf' }]);
  });
});

describe('files of labels', () => {
  it.each<[string, string, string]>([
    ['labels.csv', `who,at,y\nann,${AT},1\nann,${AT}\n`, '"labels.csv", line 3: it has 2 fields, the header has 3'],
    ['labels.csv', `who,at\nann,${AT},1\n`, '"labels.csv", line 2: it has 3 fields'],
    ['zero.csv', '', '"zero.csv": it is empty'],
    ['zero.jsonl', '', '"zero.jsonl": it is empty'],
    ['array.jsonl', `[{"who":"ann","at":"${AT}"}]`, 'line 1: the line is a list'],
    ['plain.csv.gz', `who,at\nann,${AT}\n`, '"plain.csv.gz": it is not a complete gzip file'],
    ['deep.jsonl', `{"who":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 'nested deeper than 64 levels'],
    ['wide.csv', `${Array.from({ length: 20_000 }, (_, i) => `c${i}`).join(',')}\n`, 'more than 2000 columns'],
  ])('are refused when the job is started: %s', async (name, content, message) => {
    await expect(makeOf(name, content)).rejects.toMatchObject({ ...NEWEST, message: expect.stringContaining(message) });
  });

  it.each(['binary-text.parquet', 'pandas-nanoseconds.parquet'])('of other tools are read: %s', async (name) => {
    const { make, files, query } = await openShop();
    copyFileSync(join(CASES, name), join(files, name));
    const labels = { kind: 'FILE', file: name, format: 'PARQUET', timeColumn: 'timestamp' } as const;
    const joins = [{ ...CUSTOMER, entityIdColumns: ['customer'] }];
    const job = await make({ ...REQUEST, joins, labels }, { output: { format: 'PARQUET', location: 'out.parquet' } });
    expect(job.state).toBe('SUCCEEDED');
    expect(await query(`SELECT customer FROM '${files}/out.parquet'`)).toEqual([{ customer: '42' }]);
  });

  it('may be folders and patterns', async () => {
    const { trainingSets, files, query } = await openShop();
    await query(
      `COPY (SELECT 'ann' AS who, TIMESTAMP '2001-09-09 01:47:29' AS at, 1 AS day) TO '${files}/t' (FORMAT parquet, PARTITION_BY (day))`,
    );
    for (const file of ['t', 't/*/*.parquet']) {
      const labels = { kind: 'FILE', file, format: 'PARQUET', timeColumn: 'at' } as const;
      const { columns, rows } = await trainingSets.preview({ ...REQUEST, joins: [CUSTOMER], labels }, 1, NO_LIMIT);
      expect([columns.slice(0, 3), rows[0]!.orders_7d]).toEqual([['who', 'at', 'day'], '1']);
    }
  });
});
