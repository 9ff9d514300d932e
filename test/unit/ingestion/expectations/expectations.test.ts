import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeExpectation } from '../../../../datasources/registry/describe-expectation.js';
import type { ViolationAction } from '../../../../datasources/registry/expectation.js';
import {
  compilePattern,
  MAX_MATCHED_LENGTH,
  MAX_PATTERN_LENGTH,
} from '../../../../datasources/registry/expected-pattern.js';
import type { Feature } from '../../../../datasources/registry/model.js';
import { findViolations, listChecks } from '../../../../ingestion/expectations/find-violations.js';
import { checkRows } from '../../../../ingestion/writes/check-rows.js';
import type { RawValue, ValueType } from '../../../../values/value-type.js';
import { countTurns } from '../../../support/count-turns.js';
import { testEntityType } from '../../../support/test-registry.js';

type Expected = Readonly<Record<string, unknown>>;

/** A feature `f` as a registry file declares it. */
function featureOf(valueType: ValueType, expectations: readonly Expected[]): Feature {
  const feature = { name: 'f', valueType, expectations: expectations as [] };
  return testEntityType({ name: 'thing', sources: [{ features: [feature] }] }).features[0]!;
}

function isExpected(valueType: ValueType, expected: Expected, value: RawValue | null): boolean {
  const feature = featureOf(valueType, [{ onViolation: 'REJECT', ...expected }]);
  return findViolations(listChecks([feature]), [value]) === undefined;
}

const BIG = 9_007_199_254_740_993n;
const T = (text: string): bigint => BigInt(Date.parse(text)) * 1_000n;

describe('an expectation of values', () => {
  it.each<[ValueType, Expected, RawValue[], RawValue[]]>([
    ['INT64', { min: 0, max: 5 }, [0n, 5n], [-1n, 6n]],
    // As doubles, these bounds and their neighbours are the same number.
    ['INT64', { min: String(BIG) }, [BIG, BIG + 1n, 2n ** 63n - 1n], [BIG - 1n]],
    ['INT64', { max: '-9007199254740993' }, [-BIG, -(2n ** 63n)], [-BIG + 1n]],
    ['DOUBLE', { min: 0.1, max: 1 }, [0.1, 1], [0.09999999999999999, 1.0000000000000002, NaN, Infinity, -Infinity]],
    ['DOUBLE', { max: '9007199254740992' }, [9007199254740992], [9007199254740994]],
    [
      'TIMESTAMP',
      { min: '2001-03-07T14:00:00.000001Z' },
      [T('2001-03-07T14:00:00Z') + 1n],
      [T('2001-03-07T14:00:00Z')],
    ],
    ['BOOL', { in: [true] }, [true], [false]],
    ['INT64', { in: [1, '9007199254740993'] }, [1n, BIG], [2n, BIG - 1n]],
    ['DOUBLE', { in: [0, 0.5] }, [0, 0.5], [1, NaN]],
    ['STRING', { in: ['web', ''] }, ['web', ''], ['Web', 'webb']],
    ['TIMESTAMP', { in: ['2001-03-07T14:00:00Z'] }, [T('2001-03-07T14:00:00Z')], [0n]],
    ['STRING', { matches: '[A-Z]{3}' }, ['SFO'], ['sfo', 'SFOX', 'xSFO', 'SFO\n', '']],
    ['STRING', { matches: 'a|bc' }, ['a', 'bc'], ['ac', 'abc']],
    ['STRING', { minLength: 1, maxLength: 2 }, ['é', '👩🏽', '✈✈'], ['', '✈✈✈', '👩🏽👩']],
    ['BYTES', { maxLength: 2 }, [new Uint8Array(2)], [new Uint8Array(3)]],
    ['INT64_ARRAY', { min: 0 }, [[], [0n, 1n]], [[0n, -1n]]],
    ['DOUBLE_ARRAY', { max: 1 }, [[0, 1]], [[NaN]]],
    ['STRING_ARRAY', { matches: '[a-z]+' }, [['a', 'bc']], [['a', '']]],
    ['BOOL_ARRAY', { minItems: 1, maxItems: 2 }, [[true], [true, false]], [[], [true, true, true]]],
  ])('of %s, %j, is kept and violated', (valueType, expected, right, wrong) => {
    for (const value of right) expect([value, isExpected(valueType, expected, value)]).toEqual([value, true]);
    for (const value of wrong) expect([value, isExpected(valueType, expected, value)]).toEqual([value, false]);
    expect(isExpected(valueType, expected, null)).toBe(true);
  });

  it('finds in random rows what a plain comparison of each value finds', async () => {
    const INT64 = fc.bigInt(-20n, 20n).map((near) => 2n ** 53n + near);
    const action = fc.constantFrom<ViolationAction>('REJECT', 'QUARANTINE', 'WARN');
    const bounds = fc.tuple(INT64, INT64).map(([a, b]): [bigint, bigint] => (a < b ? [a, b] : [b, a]));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '✈', '👩'), maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          bounds,
          words: fc.uniqueArray(text, { minLength: 1, maxLength: 4 }),
          length: fc.nat(6),
          actions: fc.array(action, { minLength: 4, maxLength: 4 }),
          rows: fc.array(fc.record({ n: fc.option(INT64), word: fc.option(text), flags: fc.array(fc.boolean()) })),
        }),
        async ({ bounds: [min, max], words, length, actions, rows }) => {
          const [a, b, c, d] = actions as [ViolationAction, ViolationAction, ViolationAction, ViolationAction];
          const entityType = testEntityType({
            name: 'thing',
            sources: [
              {
                features: [
                  {
                    name: 'n',
                    valueType: 'INT64',
                    expectations: [{ min: String(min), max: String(max), onViolation: a }],
                  },
                  {
                    name: 'word',
                    valueType: 'STRING',
                    expectations: [
                      { in: words, onViolation: b },
                      { maxLength: length, onViolation: c },
                    ],
                  },
                  { name: 'flags', valueType: 'BOOL_ARRAY', expectations: [{ minItems: 1, onViolation: d }] },
                ],
              },
            ],
          });
          const [n, word, flags] = entityType.features as [Feature, Feature, Feature];
          const incoming = rows.map((row, index) => ({
            entityId: `e${index}`,
            timestamp: 0n,
            values: new Map<Feature, RawValue | null>([
              [n, row.n],
              [word, row.word],
              [flags, row.flags],
            ]),
          }));
          const outcome = await checkRows(entityType, incoming, 0n);
          const actual = rows.map((_, index) => {
            if (outcome.faults.some(({ row }) => row === index)) return 'REJECT';
            if (outcome.quarantined.some(({ row }) => row === index)) return 'QUARANTINE';
            expect(outcome.rows.some(({ row }) => row === index)).toBe(true);
            return outcome.warned.some(({ row }) => row === index) ? 'WARN' : 'KEPT';
          });
          const expected = rows.map((row) => {
            const violated = [
              ...(row.n !== null && (row.n < min || row.n > max) ? [a] : []),
              ...(row.word !== null && !words.includes(row.word) ? [b] : []),
              ...(row.word !== null && Array.from(row.word).length > length ? [c] : []),
              ...(row.flags.length < 1 ? [d] : []),
            ];
            return (['REJECT', 'QUARANTINE', 'WARN'] as const).find((one) => violated.includes(one)) ?? 'KEPT';
          });
          expect(actual).toEqual(expected);
        },
      ),
    );
  });

  it('names the feature and what is expected, and never the value', async () => {
    const entityType = testEntityType({
      name: 'person',
      sources: [
        {
          features: [
            {
              name: 'ssn',
              valueType: 'STRING',
              sensitivity: 'PERSONAL',
              expectations: [{ matches: '[0-9]{9}', onViolation: 'REJECT' }],
            },
          ],
        },
      ],
    });
    const [ssn] = entityType.features as [Feature];
    const row = { entityId: 'a', timestamp: 0n, values: new Map([[ssn, 'secret-12345']]) };
    const { faults } = await checkRows(entityType, [row], 0n);
    expect(faults).toEqual([
      {
        row: 0,
        part: { kind: 'VALUE', feature: 'ssn' },
        code: 'EXPECTATION_VIOLATED',
        message: 'The value of "ssn" is not as expected: a text of at most 2000 characters that matches [0-9]{9}.',
      },
    ]);
  });

  it('describes a set of long texts briefly: each violation of an answer repeats it', () => {
    const texts = Array.from({ length: 12 }, (_, index) => `${'😀'.repeat(100)}${index}`);
    const feature = featureOf('STRING', [{ in: texts, onViolation: 'WARN' }]);
    const description = describeExpectation(feature, feature.expectations[0]!);
    expect(description).toMatch(/^one of "(😀){60}…", .* and 2 more$/u);
    expect(Array.from(description).length).toBeLessThan(700);
  });

  it('gives the strictest action of a row, and says a fault of the row itself first', async () => {
    const feature = featureOf('INT64', [
      { max: 3, onViolation: 'WARN' },
      { max: 5, onViolation: 'REJECT' },
      { max: 4, onViolation: 'QUARANTINE' },
    ]);
    const { entityType } = feature;
    const row = (value: bigint, timestamp: bigint | null = 0n) => ({
      entityId: 'a',
      timestamp,
      values: new Map([[feature, value]]),
    });
    const { rows, faults, quarantined, warned } = await checkRows(
      entityType,
      [row(3n), row(4n), row(5n), row(6n), row(5n, null)],
      0n,
    );
    expect(rows.map((one) => one.row)).toEqual([0, 1]);
    expect(warned.map((one) => one.row)).toEqual([1]);
    expect(quarantined).toMatchObject([{ row: 2, violations: [{ action: 'QUARANTINE' }, { action: 'WARN' }] }]);
    expect(faults).toMatchObject([
      { row: 3, code: 'EXPECTATION_VIOLATED' },
      { row: 4, code: 'BAD_USER_INPUT', part: { kind: 'TIMESTAMP' } },
    ]);
  });

  it('makes no check for features without expectations', () => {
    expect(listChecks([featureOf('INT64', [])])).toEqual([]);
  });

  it('compiles the checks of a feature once', () => {
    const feature = featureOf('STRING', [{ matches: 'a+', onViolation: 'WARN' }]);
    expect(listChecks([feature])[0]!.isExpected).toBe(listChecks([feature])[0]!.isExpected);
  });
});

function isTaken(pattern: string): boolean {
  try {
    compilePattern(pattern);
    return true;
  } catch {
    return false;
  }
}

describe('a pattern', () => {
  // With backtracking, each of these takes longer than the universe is old.
  it.each(['(a+)+b', '(a|a)*b', '(a|aa)+b', '(.*a){20}b', '([a-z]+)*\\d'])('%s takes linear time', (pattern) => {
    const compiled = compilePattern(pattern);
    expect(compiled.matches('a'.repeat(MAX_MATCHED_LENGTH - 1))).toBe(false);
    expect(compiled.matches('a'.repeat(MAX_MATCHED_LENGTH + 1))).toBe(false);
  });

  it('that is long, or large when compiled, is refused before it runs', () => {
    expect(() => compilePattern('a'.repeat(MAX_PATTERN_LENGTH + 1))).toThrow('at most 256 characters');
    expect(() => compilePattern('(\\w{1,100}){1,10}')).toThrow('too large');
    expect(() => compilePattern('((a{0,100}){0,100}){0,100}')).toThrow();
    expect(() => compilePattern('(?=a)b')).toThrow();
    expect(() => compilePattern('(a)\\1')).toThrow();
  });

  it('with a Unicode property is taken only if DuckDB takes it too, which checks training sets', async () => {
    const source = readFileSync(createRequire(import.meta.url).resolve('re2js'), 'utf8');
    const known = Array.from(source.matchAll(/(\w+): \(\) => new UnicodeRangeTable/g), ([, name]) => name!);
    expect(known).toEqual(expect.arrayContaining(['Lu', 'Emoji', 'Greek', 'Garay']));
    const names = [...known, 'Any', 'ASCII', 'Assigned', 'Lc'];
    const spelled = names.flatMap((name) => [
      name,
      name.toLowerCase(),
      name.replaceAll('_', ''),
      name.replaceAll('_', ' '),
    ]);
    const taken = [...new Set(spelled)].filter((name) => isTaken(`[\\p{^${name}}]`));
    expect(taken).toEqual(expect.arrayContaining(['Lu', 'Greek', 'Any']));
    const instance = await DuckDBInstance.create();
    onTestFinished(() => instance.closeSync());
    const connection = await instance.connect();
    for (const name of taken) await connection.run(`SELECT regexp_full_match('a', '[\\p{^${name}}]')`);
    expect(() => compilePattern('\\p{Emoji}')).toThrow('no \\p{Emoji}; write a general category');
    expect(compilePattern('\\\\p\\{Emoji\\}').matches('\\p{Emoji}')).toBe(true);
  });

  it('does not match a text that is longer than what is matched', () => {
    const compiled = compilePattern('a*');
    expect(compiled.matches('a'.repeat(MAX_MATCHED_LENGTH))).toBe(true);
    expect(compiled.matches('a'.repeat(MAX_MATCHED_LENGTH + 1))).toBe(false);
  });

  it('serves other work while long texts are compared with a pattern', async () => {
    const feature = featureOf('STRING', [{ matches: '(a|b|ab)*c', onViolation: 'WARN' }]);
    const values = new Map([[feature, 'ab'.repeat(1_000)]]);
    const rows = Array.from({ length: 2_000 }, (_, index) => ({ entityId: `e${index}`, timestamp: 0n, values }));
    const turns = await countTurns(async () => {
      const { warned } = await checkRows(feature.entityType, rows, 0n);
      expect(warned).toHaveLength(2_000);
    });
    expect(turns).toBeGreaterThan(3);
  });
});
