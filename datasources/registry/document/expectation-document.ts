import { z } from 'zod';
import { share } from './common-fields.js';
import { toErrorMessage } from '../../../errors/error-message.js';
import type { Fault } from '../../../runtime/yaml/fault.js';
import { parseClientValue } from '../../../values/parse-client-value.js';
import { toElementType, type ElementType, type ValueType } from '../../../values/value-type.js';
import { VIOLATION_ACTIONS, type ExpectedBound, type ExpectedItem, type FeatureExpectation } from '../expectation.js';
import { compilePattern, MAX_PATTERN_LENGTH } from '../expected-pattern.js';

/** Each is checked for each written value. */
const MAX_EXPECTATIONS = 20;
/** Values of a set: each is in the schema of `Feature.expectations`. */
const MAX_SET_SIZE = 1_000;

const bound = z
  .union([z.number(), z.string().max(100)])
  .nullable()
  .default(null);
const count = z.number().int().min(0).max(1_000_000_000).nullable().default(null);

const expectation = z
  .strictObject({
    min: bound.describe(
      'The least value, inclusive: of INT64, DOUBLE and TIMESTAMP. A whole number beyond 2^53 is text.',
    ),
    max: bound.describe('The greatest value, inclusive.'),
    in: z
      .array(z.union([z.number(), z.string().max(1_000), z.boolean()]))
      .min(1)
      .max(MAX_SET_SIZE)
      .nullable()
      .default(null)
      .describe('The values that there are: of BOOL, INT64, DOUBLE, STRING and TIMESTAMP.'),
    matches: z
      .string()
      .min(1)
      .max(MAX_PATTERN_LENGTH)
      .nullable()
      .default(null)
      .describe('A regular expression of RE2 that the whole text matches: of STRING.'),
    minLength: count.describe('The least length: of STRING in characters, of BYTES in bytes.'),
    maxLength: count.describe('The greatest length.'),
    minItems: count.describe('The least number of items of an array.'),
    maxItems: count.describe('The greatest number of items of an array.'),
    maxNullShare: share
      .nullable()
      .default(null)
      .describe(
        'The greatest share of the rows of a training set without a value. Written rows are not checked for it.',
      ),
    onViolation: z
      .enum(VIOLATION_ACTIONS)
      .describe(
        'What happens to a written row. REJECT: it is refused. QUARANTINE: it is kept in the quarantine and not served. WARN: it is written, and counted.',
      ),
  })
  .describe(
    'What the values are expected to be: one of a range, a set, a pattern, a length, a number of items and a share of nulls.',
  );

export const expectations = z
  .array(expectation)
  .max(MAX_EXPECTATIONS)
  .default([])
  .describe('What its values are expected to be (docs/expectations.md).');

/** The parts of a featurestore that say which sources expect one row of an entity at an event time. */
interface RepeatedTimes {
  readonly entityTypes: readonly {
    readonly sources: readonly { readonly static: boolean; readonly onRepeatedTime: string | null }[];
  }[];
}

/** Sources whose repeated times nothing can count. */
export function repeatedTimeFaults({ entityTypes }: RepeatedTimes, path: readonly PropertyKey[]): Fault[] {
  return entityTypes.flatMap(({ sources }, type) =>
    sources.flatMap((source, index): Fault[] => {
      if (source.onRepeatedTime === null || !source.static) return [];
      const at = [...path, 'entityTypes', type, 'sources', index, 'onRepeatedTime'];
      return [{ path: at, message: 'the rows of a static source have no event time' }];
    }),
  );
}

type ExpectationDocument = z.infer<typeof expectation>;
type Kind = FeatureExpectation['kind'];

const KEYS = {
  RANGE: ['min', 'max'],
  SET: ['in'],
  PATTERN: ['matches'],
  LENGTH: ['minLength', 'maxLength'],
  ITEMS: ['minItems', 'maxItems'],
  NULL_SHARE: ['maxNullShare'],
} as const satisfies Record<Kind, readonly (keyof ExpectationDocument)[]>;

/** The types of features, or of the items of their arrays, that a kind of expectation is for. */
const TYPES: Readonly<Record<Exclude<Kind, 'ITEMS' | 'NULL_SHARE'>, readonly ValueType[]>> = {
  RANGE: ['INT64', 'DOUBLE', 'TIMESTAMP'],
  SET: ['BOOL', 'INT64', 'DOUBLE', 'STRING', 'TIMESTAMP'],
  PATTERN: ['STRING'],
  LENGTH: ['STRING', 'BYTES'],
};

/** Paths are relative to the list of expectations. */
export function expectationFaults(valueType: ValueType, list: readonly ExpectationDocument[]): Fault[] {
  return list.flatMap((document, index) =>
    faultsOf(valueType, document).map(({ path, message }) => ({ path: [index, ...path], message })),
  );
}

function faultsOf(valueType: ValueType, document: ExpectationDocument): Fault[] {
  const kinds = kindsOf(document);
  const [kind] = kinds;
  if (!kind || kinds.length > 1) {
    return [
      {
        path: [],
        message:
          'an expectation is one of: a range (min, max), a set (in), a pattern (matches), a length (minLength, maxLength), ' +
          'a number of items (minItems, maxItems), a share of nulls (maxNullShare); write several for several',
      },
    ];
  }
  const key = KEYS[kind].find((name) => document[name] !== null)!;
  if (kind === 'NULL_SHARE') {
    return document.onViolation === 'QUARANTINE'
      ? [
          {
            path: ['onViolation'],
            message: 'a share is one of many rows, and no row can be quarantined for it; use REJECT or WARN',
          },
        ]
      : [];
  }
  const item = itemType(valueType);
  if (kind === 'ITEMS' ? toElementType(valueType) === undefined : !TYPES[kind].some((type) => type === item)) {
    return [{ path: [key], message: `a feature of ${valueType} has no such expectation` }];
  }
  switch (kind) {
    case 'RANGE':
      return [
        ...valueFaults(item, ['min'], document.min),
        ...valueFaults(item, ['max'], document.max),
        ...orderFaults(item, document),
      ];
    case 'SET':
      return document.in!.flatMap((value, index) => [
        ...valueFaults(item, ['in', index], value),
        ...(document.in!.indexOf(value) < index ? [{ path: ['in', index], message: 'it is there twice' }] : []),
      ]);
    case 'PATTERN':
      return patternFaults(document.matches!);
    case 'LENGTH':
      return countFaults('minLength', document.minLength, document.maxLength);
    case 'ITEMS':
      return countFaults('minItems', document.minItems, document.maxItems);
  }
}

function kindsOf(document: ExpectationDocument): Kind[] {
  return (Object.keys(KEYS) as Kind[]).filter((kind) => KEYS[kind].some((key) => document[key] !== null));
}

function itemType(valueType: ValueType): ElementType | ValueType {
  return toElementType(valueType) ?? valueType;
}

function valueFaults(type: ValueType, path: readonly PropertyKey[], written: unknown): Fault[] {
  if (written === null || readExpected(type, written) !== undefined) return [];
  const exactly =
    type === 'INT64' || type === 'DOUBLE' ? '; a whole number beyond 2^53 is text, such as "9007199254740993"' : '';
  const how = type === 'TIMESTAMP' ? ', which is written like "2001-03-07T14:00:00Z"' : exactly;
  return [{ path, message: `it is not ${type === 'INT64' ? 'an' : 'a'} ${type}${how}` }];
}

/** The value that stands in the registry, exactly; undefined if it is not one of the type. */
function readExpected(type: ValueType, written: unknown): ExpectedItem | undefined {
  if (type === 'DOUBLE') return readDouble(written);
  // YAML has the text of a number as a double: beyond 2^53 it can be another number than what was written.
  return parseClientValue(type, written) as ExpectedItem | undefined;
}

function readDouble(written: unknown): number | undefined {
  if (typeof written === 'string') {
    if (!/^-?\d{1,60}$/.test(written)) return undefined;
    const whole = Number(written);
    return BigInt(whole) === BigInt(written) ? whole : undefined;
  }
  if (typeof written !== 'number' || !Number.isFinite(written)) return undefined;
  return Number.isInteger(written) && !Number.isSafeInteger(written) ? undefined : written;
}

function orderFaults(type: ValueType, { min, max }: ExpectationDocument): Fault[] {
  if (min === null || max === null) return [];
  const [least, greatest] = [readExpected(type, min), readExpected(type, max)];
  if (least === undefined || greatest === undefined || least <= greatest) return [];
  return [{ path: ['min'], message: 'it is greater than max, so no value is as expected' }];
}

function countFaults(key: string, min: number | null, max: number | null): Fault[] {
  if (min === null || max === null || min <= max) return [];
  return [{ path: [key], message: 'it is greater than the greatest, so no value is as expected' }];
}

function patternFaults(pattern: string): Fault[] {
  try {
    compilePattern(pattern);
    return [];
  } catch (error) {
    return [{ path: ['matches'], message: `RE2 does not take it: ${toErrorMessage(error)}` }];
  }
}

/** Of a document without faults. */
export function toExpectation(valueType: ValueType, document: ExpectationDocument): FeatureExpectation {
  const [kind] = kindsOf(document);
  if (!kind) throw new Error('expectationFaults let an expectation without a kind through');
  const { onViolation } = document;
  const read = (written: unknown): ExpectedItem => readExpected(itemType(valueType), written)!;
  const readBound = (written: unknown): ExpectedBound | null =>
    written === null ? null : (read(written) as ExpectedBound);
  switch (kind) {
    case 'RANGE':
      return { kind, min: readBound(document.min), max: readBound(document.max), onViolation };
    case 'SET':
      return { kind, values: document.in!.map(read), onViolation };
    case 'PATTERN':
      return { kind, pattern: document.matches!, onViolation };
    case 'LENGTH':
      return { kind, min: document.minLength, max: document.maxLength, onViolation };
    case 'ITEMS':
      return { kind, min: document.minItems, max: document.maxItems, onViolation };
    case 'NULL_SHARE':
      return { kind, max: document.maxNullShare!, onViolation };
  }
}
