import { matchesGlob } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathPattern } from '../../../../datasources/files/path-pattern.js';

const is = (path: string, pattern: string): boolean => pathPattern(pattern, '/')(path);

describe('a pattern', () => {
  it.each([
    ['a.csv', '*.csv', true],
    ['a/b.csv', '*.csv', false],
    ['b.csv', '**/*.csv', true],
    ['a/b/c.csv', '**/*.csv', true],
    ['a/x/y/b/c.csv', 'a/**/b/*.csv', true],
    ['a/x/y/c.csv', 'a/**/b/*.csv', false],
    ['part-7.csv', 'part-?.csv', true],
    ['part-77.csv', 'part-?.csv', false],
    ['part-😀.csv', 'part-?.csv', true],
    ['b.csv', '[a-c].csv', true],
    ['d.csv', '[a-c].csv', false],
    ['d.csv', '[!a-c].csv', true],
    ['-.csv', '[a-].csv', true],
    ['].csv', '[]].csv', true],
    ['[.csv', '[.*', true],
    ['{a,b}.csv', '{a,b}.*', true],
    ['a.csv', '{a,b}.*', false],
    ['+(a).csv', '+(a).*', true],
  ])('of %s and %s', (path, pattern, expected) => expect(is(path, pattern)).toBe(expected));

  it('of stars, question marks and sets means what it means to Node', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 6 });
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
    const part = fc.constantFrom('a', 'b', '*', '?', '[ab]', '[!a]', '[a-b]');
    const names = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
    const pattern = fc
      .array(fc.oneof(names, fc.constant('**')), { minLength: 0, maxLength: 3 })
      .chain((folders) => names.map((last) => [...folders, last].join('/')))
      // Two stars in a name are one; alone, they are folders.
      .filter((text) => !text.split('/').some((folder) => folder !== '**' && folder.includes('**')))
      .filter((text) => !text.endsWith('**'));
    fc.assert(
      fc.property(path, pattern, (text, glob) => {
        expect(is(text, glob)).toBe(matchesGlob(text, glob));
      }),
      { numRuns: 3_000 },
    );
  });
});
