import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AppError } from '../../../../errors/app-error.js';
import type { IncomingRow } from '../../../../ingestion/feature-writer.js';
import { readPlainRow } from '../../../../ingestion/ndjson/read-plain-row.js';
import { parseRowJson } from '../../../../ingestion/rows/parse-json.js';
import { readRow } from '../../../../ingestion/rows/read-row.js';
import { smallRegistry } from '../../../support/small-registry.js';

const entityType = smallRegistry().entityType('lab', 'sample');

/** A row by JSON.parse; the message of an error otherwise. */
function readSlowly(text: string): unknown {
  try {
    return toPlain(readRow(entityType, parseRowJson(text, true)));
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

function toPlain({ values, ...row }: IncomingRow): unknown {
  return { ...row, values: Array.from(values, ([{ name }, value]) => [name, value]) };
}

const numbers = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
  fc.constantFrom('-0', '0.0', '1.50', '01', '1.', '.5', '-', '1e3', '1E-400', '999999999999999', '9999999999999999'),
  fc.constantFrom('0.99999999999999999', '9007199254740991.4', '123456789012345.0', '0.1e1', '+1', '1,5', '0x1'),
);
const scalars = fc.oneof(
  numbers.map(String),
  fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
  fc.constantFrom(
    'null',
    'true',
    'false',
    'nul',
    'truefalse',
    '"1"',
    '"-12"',
    '"NaN"',
    '"\\ud800"',
    '"a\\n"',
    '"\t"',
    '[]',
  ),
  fc.constantFrom('{}', '"2001-03-07T14:00:00Z"', '"no"', '""', '1 2'),
);
const names = fc.constantFrom(...entityType.features.map(({ name }) => name), 'nope', '__proto__');
const spaces = fc.constantFrom('', '', '', ' ', '\t ', '\r', '\u00a0');
const members = (keys: fc.Arbitrary<string>, values: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .array(fc.tuple(keys, spaces, values, spaces), { minLength: 1, maxLength: 5 })
    .map((all) => `{${all.map(([key, before, value, after]) => `"${key}"${before}:${value}${after}`).join(',')}}`);
const rows = fc
  .tuple(
    fc.constantFrom('"a"', '"b,c"', '""', '7', '"\\u0061"'),
    fc.constantFrom('"2001-03-07T14:00:00Z"', '"2001-03-07 14:00:00.5+01:00"', 'null', '"today"', '1'),
    members(names, scalars),
    spaces,
    fc.shuffledSubarray([0, 1, 2], { minLength: 2 }),
    fc.constantFrom('', '', ' ', '\r', ',', '}', ',"more":1', ',"entityId":"a"'),
  )
  .map(([entityId, timestamp, values, space, order, rest]) => {
    const parts = [`"entityId":${space}${entityId}`, `${space}"timestamp":${timestamp}`, `"values"${space}:${values}`];
    return `{${order.map((part) => parts[part]).join(`${space},`)}}${rest}`;
  });

/** As a line of a chunk, between two others. */
function readWithin(before: string, text: string, after: string, ofType = entityType): IncomingRow | undefined {
  const start = before.length;
  return readPlainRow(ofType, { within: before + text + after, start, end: start + text.length });
}

const otherLines = fc.constantFrom('', 'null\n', '{"entityId":"b"}\r\n', '\n', ' \n');

it('reads a line as JSON.parse and the checks of its result do, or not at all, whatever is beside it', () => {
  fc.assert(
    fc.property(rows, otherLines, otherLines, fc.nat({ max: 400 }), (whole, before, after, length) => {
      // A line that was cut goes on nowhere: not in the next one either.
      const text = length < 300 ? whole : whole.slice(0, length % whole.length);
      const row = readWithin(before, text, `\n${after}`);
      if (row) expect(toPlain(row)).toEqual(readSlowly(text));
    }),
    { numRuns: 3_000 },
  );
});

it('reads the lines that programs write', () => {
  const usual: Readonly<Record<string, unknown>> = { BOOL: true, DOUBLE: 0.1, INT64: 12, STRING: "Zürich, 'old'" };
  fc.assert(
    fc.property(fc.shuffledSubarray([...entityType.features], { minLength: 1 }), (features) => {
      // Of its own: the number of orders that an entity type remembers has a bound.
      const ownType = smallRegistry().entityType('lab', 'sample');
      const values = Object.fromEntries(features.map(({ name, valueType }) => [name, usual[valueType] ?? null]));
      const written = { entityId: 'a', timestamp: '2001-03-07T14:00:00Z', values };
      for (const text of [JSON.stringify(written), JSON.stringify(written, null, 1).replaceAll('\n', ' ')]) {
        const row = readWithin('', text, '', ownType);
        expect(row && toPlain(row)).toEqual(readSlowly(text));
      }
    }),
  );
});

it('leaves a line to the other reader when an entity type has more orders of features than are remembered', () => {
  const features = entityType.features.map(({ name }) => name);
  const ownType = smallRegistry().entityType('lab', 'sample');
  const lines = features.flatMap((first) =>
    features.flatMap((second) =>
      features
        .filter((third) => new Set([first, second, third]).size === 3)
        .map((third) => `{"entityId":"a","values":{"${first}":null,"${second}":null,"${third}":null}}`),
    ),
  );
  const rows = lines.map((line) => readWithin('', line, '', ownType));
  expect(rows.at(0)).toBeDefined();
  expect(rows.at(-1)).toBeUndefined();
  for (const [index, line] of lines.entries()) {
    if (rows[index]) expect(toPlain(rows[index])).toEqual(readSlowly(line));
  }
});
