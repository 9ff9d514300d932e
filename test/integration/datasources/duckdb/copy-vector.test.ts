import { DuckDBInstance, DuckDBTableFunction, type DuckDBDataChunk } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { copyVector } from '../../../../datasources/duckdb/copy-vector.js';

const enumOf = (values: number): string =>
  `ENUM (${Array.from({ length: values }, (_, index) => `'value ${index}'`).join(', ')})`;

/** SQL of a value of each row i but every third. */
const some = (sql: string): string => `CASE WHEN i % 3 <> 1 THEN ${sql} END`;

const VALUES: Readonly<Record<string, string>> = {
  boolean: some('i % 2 = 0'),
  tinyint: some('(i % 100)::TINYINT'),
  usmallint: some('i::USMALLINT'),
  date: some(`'2024-01-05'::DATE + i::INTEGER`),
  float: some('(i / 7)::FLOAT'),
  bigint: some('-9223372036854775807 + i::BIGINT'),
  moment: some(`'2024-01-05 10:00:00.123456+02'::TIMESTAMPTZ + to_microseconds(i)`),
  hugeint: some('170141183460469231731687303715884100000::HUGEINT + i'),
  uuid: some('uuid()'),
  interval: some('to_months(i::INTEGER) + to_microseconds(i)'),
  'time with a zone': some(`'01:02:03+02'::TIMETZ`),
  'decimal of 2 bytes': some('(i % 100)::DECIMAL(4,2)'),
  'decimal of 4 bytes': some('i::DECIMAL(9,2)'),
  'decimal of 8 bytes': some('i::DECIMAL(18,2)'),
  'decimal of 16 bytes': some('i::DECIMAL(38,2)'),
  'enum of 1 byte': some(`('value ' || i % 255)::${enumOf(255)}`),
  'enum of 2 bytes': some(`('value ' || i % 256)::${enumOf(256)}`),
  'short text': some(`i::VARCHAR`),
  'long text': some(`repeat('✈', i::INTEGER % 50)`),
  blob: some(`repeat('x', i::INTEGER % 50)::BLOB`),
  bits: some(`repeat('01', 1 + i::INTEGER % 50)::BIT`),
  array: `(${some('[i, i + 1, NULL]')})::INTEGER[3]`,
  list: some('CASE WHEN i % 5 = 0 THEN [] ELSE [i, NULL, i * 2] END'),
  'list of lists of texts': some(`[[repeat('a', i::INTEGER % 30)], NULL, []]`),
  struct: some(`{a: i, b: CASE WHEN i % 2 = 0 THEN 'text of more than twelve bytes' END}`),
  map: some(`MAP {'key ' || i: [i], 'no value': NULL}`),
  null: some('NULL::BIGINT'),
};

describe('a copy of a column of a chunk', () => {
  for (const [name, sql] of Object.entries(VALUES)) {
    it(`has the values and the nulls of type ${name}`, async () => {
      const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
      const connection = await instance.connect();
      await connection.run(`CREATE TABLE original AS SELECT i, ${sql} AS value FROM range(5000) AS n(i)`);
      const result = await connection.stream('FROM original ORDER BY i');
      const chunks: DuckDBDataChunk[] = [];
      for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk())
        chunks.push(chunk);
      let next = 0;
      connection.registerTableFunction(
        DuckDBTableFunction.create({
          name: 'copied',
          bindFunction: (bound) => {
            for (const column of [0, 1]) bound.addResultColumn(result.columnName(column), result.columnType(column));
          },
          initFunction: () => undefined,
          mainFunction: (_, out) => {
            const chunk = chunks[next++];
            out.rowCount = chunk?.rowCount ?? 0;
            if (!chunk) return;
            for (const column of [0, 1]) copyVector(chunk, column, out, column, result.columnType(column));
          },
        }),
      );
      await connection.run('CREATE TABLE copy AS FROM copied()');
      const differences = await connection.runAndReadAll(
        `SELECT count(*) FROM original JOIN copy USING (i) WHERE original.value IS DISTINCT FROM copy.value`,
      );
      const rows = await connection.runAndReadAll('SELECT count(*), count(DISTINCT i) FROM copy');
      expect([differences.getRows(), rows.getRows()]).toEqual([[[0n]], [[5000n, 5000n]]]);
      connection.closeSync();
      instance.closeSync();
    });
  }
});
