import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FreeNames, singular, toLegalName, uniqueName } from '../../../../datasources/registry/draft/legal-names.js';
import { camelCase } from '../../../../schema/names.js';

describe('the legal name of a column', () => {
  it.each([
    ['total', 'total'],
    ['_total', '_total'],
    ['Total Amount', 'total_amount'],
    ['meanDelay3h', 'mean_delay3h'],
    ['Mean Delay (3h)', 'mean_delay_3h'],
    ['größe', 'grosse'],
    ['Café', 'cafe'],
    ['7d', 'n_7d'],
    ['_7d', 'n_7d'],
    ['日本', 'column_1'],
    ['__', 'column_1'],
    ['a.b', 'a_b'],
  ])('of %s is %s', (text, name) => {
    expect(toLegalName(text, 'column_1')).toBe(name);
  });

  it('is always one that a registry takes, and one that is legal stays', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const name = toLegalName(text, 'x');
        expect(name).toMatch(/^[a-z_][a-z0-9_]{0,63}$/);
        expect(toLegalName(name, 'x')).toBe(name);
      }),
    );
  });
});

describe('names of features', () => {
  it('differ from each other as columns and as fields, whatever is wanted', () => {
    const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,70}$/);
    fc.assert(
      fc.property(fc.array(name, { maxLength: 20 }), (wanted) => {
        const names = new FreeNames(camelCase, new Set(['history', 'id']));
        names.takeColumn('customer_id');
        const taken = wanted.map((one) => names.takeFeature(toLegalName(one, 'x')));
        const fields = [...taken.map(camelCase), 'history', 'id'];
        expect(new Set(fields).size).toBe(fields.length);
        expect(taken).not.toContain('customer_id');
        for (const one of taken) expect(one.length).toBeLessThanOrEqual(64);
      }),
    );
  });

  it('take the alternative before a number', () => {
    const names = new FreeNames(camelCase, new Set());
    expect(names.takeFeature('total', 'orders_total')).toBe('total');
    expect(names.takeFeature('total', 'items_total')).toBe('items_total');
    expect(names.takeFeature('total', 'items_total')).toBe('items_total_2');
    expect(names.takeFeature('sequence', 'orders_sequence')).toBe('orders_sequence');
  });
});

it('is singular of a plural', () => {
  expect(['orders', 'cities', 'boxes', 'status', 'bus', 'address', 'sheep', 's'].map(singular)).toEqual([
    'order',
    'city',
    'box',
    'status',
    'bus',
    'address',
    'sheep',
    's',
  ]);
});

it('is unique by a number at its end, within its length', () => {
  const taken = new Set(['abc', 'a_2']);
  expect(uniqueName('abc', (name) => !taken.has(name), 3)).toBe('a_3');
});
