import { describe, expect, it } from 'vitest';
import type { ExplainedRow } from '../../../../../datasources/offline/explain-read.js';
import { decideValue, type DecisionTerms } from '../../../../../datasources/offline/point-in-time/decide-value.js';

const row = (value: string | null, fields: Partial<ExplainedRow<string>> = {}): ExplainedRow<string> => ({
  timestamp: 10n,
  createdTimestamp: null,
  sequence: null,
  arrival: null,
  file: null,
  value,
  ...fields,
});
const TERMS: DecisionTerms = {
  time: 100n,
  strictlyBefore: false,
  knownAt: null,
  includeExpired: false,
  ttl: null,
  isTimed: true,
  skipsNulls: true,
};
const decide = (rows: readonly ExplainedRow<string>[], terms: Partial<DecisionTerms> = {}) => {
  const decision = decideValue(rows, { ...TERMS, ...terms });
  return {
    value: decision.value,
    status: decision.status,
    rows: decision.rows.map((decided) => [decided.row.value, decided.class, decided.hasWon, decided.rule]),
  };
};

describe('the decision between rows', () => {
  it.each([
    ['EVENT_TIME', { timestamp: 11n }, { createdTimestamp: 99n, sequence: 9n, arrival: 9n }],
    ['CREATION_TIME', { createdTimestamp: 1n }, { sequence: 9n, arrival: 9n }],
    ['SEQUENCE', { sequence: 1n }, { arrival: 9n }],
    ['ARRIVAL', { arrival: 2n }, { arrival: 1n }],
    ['ARRIVAL', { arrival: 2n }, {}],
  ])('is by %s, whatever the order in which the rows come', (rule, newer, older) => {
    const rows = [row('newer', newer), row('older', older)];
    for (const inAnyOrder of [rows, rows.toReversed()]) {
      const { value, rows: decided } = decide(inAnyOrder);
      expect(value).toBe('newer');
      expect(new Map(decided.map(([name, , , by]) => [name, by]))).toEqual(
        new Map([
          ['newer', rule],
          ['older', rule],
        ]),
      );
    }
  });

  it('says that it is undefined where nothing orders two rows', () => {
    expect(decide([row('one'), row('other')]).rows.map(([, , , rule]) => rule)).toEqual(['UNDEFINED', 'UNDEFINED']);
  });

  it('gives a row without a value only if no row has one', () => {
    expect(decide([row(null, { timestamp: 20n }), row('old')])).toMatchObject({
      value: 'old',
      rows: [
        [null, 'WITHOUT_VALUE', false, null],
        ['old', 'CANDIDATE', true, 'ONLY_ROW'],
      ],
    });
    expect(decide([row(null, { timestamp: 20n }), row(null)])).toMatchObject({ status: 'NULL', value: null });
    expect(decide([])).toEqual({ status: 'NOT_FOUND', value: null, rows: [] });
  });

  it('counts a value of exactly the ttl, and gives an older one only on request', () => {
    expect(decide([row('a')], { ttl: 90n })).toMatchObject({ status: 'PRESENT', value: 'a' });
    expect(decide([row('a')], { ttl: 89n })).toMatchObject({ status: 'EXPIRED', value: null });
    expect(decide([row('a')], { ttl: 89n, includeExpired: true })).toMatchObject({ status: 'EXPIRED', value: 'a' });
  });
});
