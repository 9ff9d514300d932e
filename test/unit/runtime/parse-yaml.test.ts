import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../../runtime/parse-yaml.js';

const LAUGHS = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  .concat(
    Array.from({ length: 9 }, (_, level) => `a${level + 1}: &a${level + 1} [${Array(10).fill(`*a${level}`).join()}]`),
  )
  .join('\n');

describe('a YAML text', () => {
  it('gives its values, and the place of a fault', () => {
    expect(parseYaml('a: [1, two]').content).toEqual({ a: [1, 'two'] });
    expect(parseYaml('a: 1\nb: [').faults[0]).toMatch(/^line 2, column \d+:/);
  });

  it('may share values by aliases, as registries do', () => {
    const text = `base: &base { ttl: 1 }\nall: [${Array(500).fill('*base').join()}]`;
    expect(parseYaml(text).content).toMatchObject({ all: Array(500).fill({ ttl: 1 }) });
  });

  it.each([
    ['aliases that stand for billions of values', LAUGHS, 'its aliases stand for more than 10000 values'],
    ['a million brackets', '['.repeat(1_000_000), /nested deeper|line \d/],
    ['brackets that close', `${'['.repeat(5000)}${']'.repeat(5000)}`, 'it is nested deeper than 100 levels'],
    ['a list in a list, in a line', '- '.repeat(20_000), /nested deeper|line \d/],
    [
      'keys in keys',
      Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}k:`).join('\n'),
      'it is nested deeper than 100 levels',
    ],
    ['a text of 17 million characters', '#'.repeat(17 * 1024 * 1024), 'it is over 16777216 characters'],
    ['an alias without its anchor', 'a: *missing', /missing/],
  ])('is refused without exhausting the process: %s', (_what, text, fault) => {
    const { faults, content } = parseYaml(text);
    expect(faults[0]).toMatch(fault);
    expect(content).toBeUndefined();
  });
});
