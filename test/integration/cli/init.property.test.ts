import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { draftFromFiles } from '../../../composition/draft-from-files.js';
import { parseConfig } from '../../../config/load-config.js';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { quoteIdentifier, quoteText } from '../../../datasources/duckdb/sql-text.js';
import { FileReader } from '../../../datasources/files/file-reader.js';
import { startGateway } from '../../../main.js';
import { createLogger } from '../../../observability/logger.js';
import { runCheck } from '../../support/run-check.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Each run starts a gateway. */
const RUNS = Number(process.env.INIT_RUNS ?? 8);

/** A value of a column: how each format writes it, and what a client must read, whatever type the draft chose. */
interface Value {
  readonly csv: string;
  readonly json: string;
  readonly sql: string;
  readonly isServed: (value: unknown) => boolean;
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const equals = (expected: unknown) => (value: unknown) => JSON.stringify(value) === JSON.stringify(expected);
/** A number, or its text: both are the same value. */
const isNumber =
  (...texts: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === 'number' ? texts.some((text) => Number(text) === value) : texts.includes(value as string);

const int64 = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  .map((n): Value => ({ csv: String(n), json: String(n), sql: `CAST('${n}' AS BIGINT)`, isServed: equals(String(n)) }));
const smallInteger = fc
  .integer({ min: -1000, max: 1000 })
  .map((n): Value => ({ csv: String(n), json: String(n), sql: `CAST(${n} AS INTEGER)`, isServed: equals(String(n)) }));
const digits = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.constantFrom(0, 1, 2, 5))
  .map(([n, scale]): Value => {
    const text = `${n}`.padStart(scale + 1, '0');
    const decimal = scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
    const inParquet = `${decimal}${scale === 0 ? '.' : ''}${'0'.repeat(5 - scale)}`;
    // Parquet has the scale of its column.
    const sql = `CAST('${decimal}' AS DECIMAL(38,5))`;
    const exact = (value: unknown): boolean =>
      typeof value === 'number' ? isSameDecimal(value, inParquet) : [decimal, inParquet].includes(value as string);
    return { csv: decimal, json: decimal, sql, isServed: exact };
  });
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n): Value => {
  const text = JSON.stringify(n);
  const isZero = n === 0;
  return {
    csv: text,
    json: text,
    sql: `CAST('${text}' AS DOUBLE)`,
    isServed: (value) => (isZero ? Number(value) === 0 : isNumber(text)(value)),
  };
});
const word = fc.constantFrom(
  'web',
  'store',
  '00501',
  '1E5',
  '+5',
  'NULL',
  'null',
  ' x ',
  'a,b',
  'say "x"',
  'two\nlines',
  'ä€😀',
  'true',
  '1',
  '2024-01-05',
  '1.50',
  '12:30',
);
const text = word.map((value): Value => ({
  csv: quoted(value),
  json: JSON.stringify(value),
  sql: quoteText(value),
  isServed: isText(value),
}));
const boolean = fc
  .boolean()
  .map((value): Value => ({ csv: String(value), json: String(value), sql: String(value), isServed: equals(value) }));
const date = fc
  .date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((at): Value => {
    const day = at.toISOString().slice(0, 10);
    return { csv: day, json: `"${day}"`, sql: `DATE '${day}'`, isServed: equals(day) };
  });
const moment = fc
  .date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((at): Value => {
    const iso = at.toISOString();
    return {
      csv: iso,
      json: `"${iso}"`,
      sql: `TIMESTAMPTZ '${iso}'`,
      isServed: (value) => Date.parse(value as string) === at.getTime(),
    };
  });
const list = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 3 }).map((items): Value => ({
  csv: quoted(JSON.stringify(items)),
  json: JSON.stringify(items),
  sql: `CAST(${JSON.stringify(items)} AS BIGINT[])`,
  isServed: (value) => equals(items.map(String))(value) || equals(JSON.stringify(items))(value),
}));
const object = fc.record({ a: fc.integer(), b: word }).map((value): Value => ({
  csv: quoted(JSON.stringify(value)),
  json: JSON.stringify(value),
  sql: `{'a': CAST(${value.a} AS BIGINT), 'b': ${quoteText(value.b)}}`,
  isServed: (served) => equals(value)(served) || equals(JSON.stringify(value))(served),
}));

/** A text of CSV may be read as a number or a boolean, if every value of its column is one. */
function isText(expected: string): Value['isServed'] {
  return (value) =>
    value === expected ||
    (typeof value === 'boolean' && String(value) === expected) ||
    (typeof value === 'number' && Number(expected) === value);
}

/** Whether a double has all digits of a decimal of five places: it prints as them, in one of the ways to print it. */
function isSameDecimal(value: number, decimal: string): boolean {
  const shortest = decimal.replace(/0+$/, '').replace(/\.$/, '');
  const whole = Number.isInteger(value) ? `${BigInt(value)}.00000` : undefined;
  return [String(value), value.toFixed(5), whole].some((text) => text === decimal || text === shortest);
}

const KINDS: readonly fc.Arbitrary<Value>[] = [
  int64,
  smallInteger,
  digits,
  double,
  text,
  boolean,
  date,
  moment,
  list,
  object,
];
const NAMES = [
  'total',
  'Total Amount',
  'größe',
  '7d',
  'select',
  'history',
  'a_b',
  'aB',
  'x"y',
  "it's",
  'a:b',
  '#1',
  'null',
  'entity_type',
  'sequence',
  'user',
  '日本',
  'arrival_number',
  '- x',
  'a=b',
];

const table = fc.record({
  names: fc.uniqueArray(fc.constantFrom(...NAMES), {
    minLength: 1,
    maxLength: 10,
    selector: (name) => name.toLowerCase(),
  }),
  kinds: fc.array(fc.nat({ max: KINDS.length - 1 }), { minLength: 10, maxLength: 10 }),
  rows: fc.array(fc.array(fc.tuple(fc.boolean(), ...KINDS), { minLength: 10, maxLength: 10 }), {
    minLength: 1,
    maxLength: 6,
  }),
  id: fc.constantFrom('customer_id', 'Customer ID', 'id'),
  time: fc.constantFrom('event_timestamp', 'ordered_at', null),
  format: fc.constantFrom('csv', 'jsonl', 'parquet'),
});

type Table = typeof table extends fc.Arbitrary<infer T> ? T : never;

interface Row {
  readonly id: string;
  /** null is an absent value. */
  readonly values: readonly (Value | null)[];
}

function toRows({ names, kinds, rows }: Table): Row[] {
  return rows.map((cells, number) => ({
    id: `e${number}`,
    values: names.map((_, column) => {
      const [isNull, ...values] = cells[column]!;
      // The first row has a value of each column, so that each column has a type.
      return isNull && number > 0 ? null : values[kinds[column]!]!;
    }),
  }));
}

const TIME = '2026-01-05T09:30:00Z';

async function writeTable(folder: string, one: Table, rows: readonly Row[]): Promise<string> {
  const { names, id, time, format } = one;
  const path = join(folder, `data/orders.${format}`);
  mkdirSync(dirname(path), { recursive: true });
  const columns = [id, ...(time === null ? [] : [time]), ...names];
  if (format === 'csv') {
    const lines = rows.map((row) =>
      [row.id, ...(time === null ? [] : [TIME]), ...row.values.map((value) => value?.csv ?? '')].join(','),
    );
    writeFileSync(path, [columns.map(quoted).join(','), ...lines, ''].join('\n'));
  } else if (format === 'jsonl') {
    const lines = rows.map((row) => {
      const values = [
        `"${row.id}"`,
        ...(time === null ? [] : [`"${TIME}"`]),
        ...row.values.map((value) => value?.json ?? 'null'),
      ];
      return `{${columns.map((name, index) => `${JSON.stringify(name)}:${values[index]}`).join(',')}}`;
    });
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  } else {
    const first = rows[0]!.values.map((value) => value!.sql);
    const selects = rows.map((row) => {
      const values = [
        `'${row.id}'`,
        ...(time === null ? [] : [`TIMESTAMPTZ '${TIME}'`]),
        ...row.values.map((value) => value?.sql ?? 'NULL'),
      ];
      return `SELECT ${columns.map((name, index) => `${values[index]} AS ${quoteIdentifier(name)}`).join(', ')}`;
    });
    expect(first).not.toContain('NULL');
    const database = await DuckDbDatabase.open(':memory:');
    try {
      await database.use((connection) =>
        connection.run(
          `SET TimeZone = 'UTC'; COPY (${selects.join(' UNION ALL ')}) TO ${quoteText(path)} (FORMAT parquet)`,
        ),
      );
    } finally {
      database.close();
    }
  }
  return path;
}

it(
  'passes the check and serves the values of the file, of any types under any names',
  async () => {
    await fc.assert(
      fc.asyncProperty(table, async (one) => {
        const folder = join(temporaryFolder(), 'shop');
        const rows = toRows(one);
        const path = await writeTable(folder, one, rows);
        await using reader = await FileReader.open(join(folder, 'reading'));
        const { registry, files } = await draftFromFiles(
          {
            names: [path],
            options: {},
            output: folder,
            featurestore: null,
            entityType: null,
            entityIds: [`orders=${one.id}`],
            timestamps: one.time === null ? [] : [one.time],
            timestampUnit: null,
            statics: one.time === null ? ['orders'] : [],
          },
          reader,
        );
        for (const file of files) {
          mkdirSync(dirname(join(folder, file.path)), { recursive: true });
          writeFileSync(join(folder, file.path), file.text);
        }
        const data = join(folder, 'data-folder');
        expect((await runCheck(join(folder, 'registry.yaml'), data)).text).toMatch(/No faults\.\n$/);
        const gateway = await startGateway({
          config: parseConfig({
            FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
            FEATUREGRAPH_DATA_DIR: data,
            FEATUREGRAPH_GRAPHIQL: 'false',
            HOST: '127.0.0.1',
            PORT: '0',
          }),
          logger: createLogger('silent'),
          onPrepare: () => undefined,
        });
        try {
          const [entityType] = registry.entityTypes;
          const features = entityType!.sources[0]!.features;
          expect(features).toHaveLength(one.names.length);
          const response = await fetch(gateway.url, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({
              query: `query ($ids: [ID!]!, $names: [String!]!) { featureMatrix(featurestore: "shop", entityType: "${entityType!.name}", entityIds: $ids, names: $names) { values } }`,
              variables: { ids: rows.map(({ id }) => id), names: features.map(({ name }) => name) },
            }),
          });
          const answer = (await response.json()) as { data: { featureMatrix: { values: unknown[][] } } };
          const { values } = answer.data.featureMatrix;
          rows.forEach((row, number) => {
            features.forEach(({ column }, position) => {
              const expected = row.values[one.names.indexOf(column.name)];
              const served = values[number]![position];
              if (!expected) expect(served).toBeNull();
              else if (!expected.isServed(served)) expect(served).toBe(expected.csv);
            });
          });
        } finally {
          await gateway.stop();
        }
      }),
      // A counterexample at once: to shrink it would start a gateway hundreds of times.
      { numRuns: RUNS, endOnFailure: true },
    );
  },
  120_000 + RUNS * 20_000,
);
