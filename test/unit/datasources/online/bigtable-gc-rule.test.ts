import { expect, it } from 'vitest';
import { isCollectable, type GcRule } from '../../../../datasources/google/bigtable/gc-rule.js';

const DAY = 86_400;
const newestButOld = { rank: 1, ageSeconds: 1000 * DAY };
const olderButYoung = { rank: 9, ageSeconds: DAY / 2 };
const olderAndOld = { rank: 9, ageSeconds: 2 * DAY };

const oneVersion: GcRule = { maxNumVersions: 1 };
const oneDay: GcRule = { maxAge: { seconds: String(DAY) } };

it.each<[string, GcRule, [newestButOld: boolean, olderButYoung: boolean, olderAndOld: boolean]]>([
  ['none', {}, [false, false, false]],
  ['versions', oneVersion, [false, true, true]],
  ['age', oneDay, [true, false, true]],
  ['versions and age', { intersection: { rules: [oneVersion, oneDay] } }, [false, false, true]],
  ['versions or age', { union: { rules: [oneVersion, oneDay] } }, [true, true, true]],
  [
    'nested',
    { intersection: { rules: [oneVersion, { union: { rules: [oneDay, oneVersion] } }] } },
    [false, true, true],
  ],
])('a rule of %s collects what it says', (_title, rule, expected) => {
  expect([newestButOld, olderButYoung, olderAndOld].map((cell) => isCollectable(rule, cell))).toEqual(expected);
});

it('takes a cell exactly as old as the age for one to keep', () => {
  expect(isCollectable(oneDay, { rank: 9, ageSeconds: DAY })).toBe(false);
});
