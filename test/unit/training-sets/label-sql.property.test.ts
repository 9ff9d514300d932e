import { LIST, listValue, VARCHAR } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { faultyTimeSql, labelTimeSql } from '../../../training-sets/label-time.js';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { entityIdSql } from '../../../datasources/duckdb/entity-id-sql.js';
import { canonicalEntityId, encodeEntityId } from '../../../values/entity-id.js';
import { parseInstant } from '../../../values/instant.js';

const RUNS = Number(process.env.PROPERTY_RUNS ?? 150);
let database: DuckDbDatabase;
beforeAll(async () => {
  database = await DuckDbDatabase.open(':memory:');
});
afterAll(() => database.close());

async function rows(sql: string, lists: readonly (readonly (string | null)[])[]): Promise<Record<string, unknown>[]> {
  return database.use(async (connection) => {
    const values = lists.map((list) => listValue([...list]));
    return (
      await connection.runAndReadAll(
        sql,
        values,
        lists.map(() => LIST(VARCHAR)),
      )
    ).getRowObjects();
  });
}

const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));
const nearlyInstant = fc
  .tuple(
    fc.oneof(digits(4), fc.constantFrom('0000', '0001', '1969', '2000', '2001', '9999')),
    fc.oneof(digits(2), fc.constantFrom('01', '02', '12', '00', '13')),
    fc.oneof(digits(2), fc.constantFrom('01', '28', '29', '30', '31', '00')),
    fc.constantFrom('T', 't', ' '),
    fc.oneof(digits(2), fc.constantFrom('00', '23', '24')),
    fc.oneof(digits(2), fc.constantFrom('00', '59', '60')),
    fc.oneof(digits(2), fc.constantFrom('00', '59', '60')),
    fc.constantFrom('', '.1', '.123456', '.1234560', '.1234567', '.000000000', '.'),
    fc.constantFrom(
      'Z',
      'z',
      '',
      '+00:00',
      '-00:00',
      '+23:59',
      '-23:59',
      '+24:00',
      '+01:60',
      '+0100',
      '+05:30',
      ' UTC',
    ),
  )
  .map(
    ([year, month, day, t, hour, minute, second, fraction, zone]) =>
      `${year}-${month}-${day}${t}${hour}:${minute}:${second}${fraction}${zone}`,
  );
const anyText = fc.oneof(
  { weight: 8, arbitrary: nearlyInstant },
  fc.string(),
  fc.constantFrom('infinity', '', 'now', '2001-01-01'),
);

function parsed(text: string): bigint | null {
  try {
    return parseInstant(text);
  } catch {
    return null;
  }
}

it('reads the time of a label as parseInstant does, and finds at fault what that refuses', async () => {
  const time = labelTimeSql('text', 'VARCHAR');
  await fc.assert(
    fc.asyncProperty(fc.array(anyText, { minLength: 50, maxLength: 200 }), async (texts) => {
      const read = await rows(
        `SELECT text, epoch_us(${time}) AS time, ${faultyTimeSql('text', time)} AS faulty FROM (SELECT unnest($1) AS text)`,
        [texts],
      );
      expect(read).toEqual(texts.map((text) => ({ text, time: parsed(text), faulty: parsed(text) === null })));
    }),
    { numRuns: RUNS },
  );
});

const part = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', ',', '%', '%2C', '%2c', '%25', '1,1', "o'hare", 'ü✈'),
);

it('encodes an entity id as encodeEntityId does: the one spelling of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(part, part, part), { minLength: 20 }), async (ids) => {
      const columns = [0, 1, 2].map((column) => ids.map((id) => id[column]!));
      const read = await rows(
        `SELECT ${entityIdSql(['a', 'b', 'c'])} AS id, ${entityIdSql(['a'])} AS single
         FROM (SELECT unnest($1) AS a, unnest($2) AS b, unnest($3) AS c)`,
        columns,
      );
      expect(read).toEqual(ids.map((id) => ({ id: encodeEntityId(id), single: encodeEntityId([id[0]]) })));
      for (const { id } of read) expect(canonicalEntityId(String(id), ['a', 'b', 'c'])).toBe(id);
    }),
    { numRuns: RUNS },
  );
});

it('gives no id when a part is missing', async () => {
  const sql = `SELECT ${entityIdSql(['a', 'b'])} AS id FROM (SELECT unnest($1) AS a, unnest($2) AS b)`;
  expect(
    await rows(sql, [
      ['x', null],
      [null, 'y'],
    ]),
  ).toEqual([{ id: null }, { id: null }]);
});
