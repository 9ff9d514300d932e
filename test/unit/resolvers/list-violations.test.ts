import { expect, it } from 'vitest';
import { listViolations } from '../../../resolvers/list-violations.js';
import type { ExpectationViolation } from '../../../schema/write/expectation-violation.js';

const violation = (row: number, feature: string): ExpectationViolation => ({
  row,
  field: [],
  feature,
  kind: 'RANGE',
  action: 'WARN',
  message: '',
});
const named = (violations: readonly ExpectationViolation[]) => violations.map(({ row, feature }) => `${row}${feature}`);

it('lists the violations by row, and of too many the first of each row', () => {
  const all = ['c', 'd', 'e'].map((feature) => violation(2, feature));
  all.push(violation(0, 'a'), violation(0, 'b'), violation(1, 'f'));
  expect(named(listViolations(all))).toEqual(['0a', '0b', '1f', '2c', '2d', '2e']);
  expect(named(listViolations(all, 5))).toEqual(['0a', '0b', '1f', '2c', '2d']);
  expect(named(listViolations(all, 3))).toEqual(['0a', '1f', '2c']);
  expect(named(listViolations(all, 1))).toEqual(['0a', '1f', '2c']);
});
