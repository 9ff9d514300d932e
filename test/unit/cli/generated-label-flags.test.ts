import { expect, it } from 'vitest';
import { interval, toGeneratedLabels } from '../../../cli/generated-label-flags.js';

it.each([
  ['3600s', { seconds: 3600 }],
  ['1d', { days: 1 }],
  ['2w', { weeks: 2 }],
])('reads the interval %s', (text, expected) => {
  expect(interval(text)).toEqual(expected);
});

it.each(['day', '0d', '-1d', '1.5d', '1', '1m', ''])('refuses the interval "%s"', (text) => {
  expect(() => interval(text)).toThrow(/3600s, 1d or 1w/);
});

it('gives no generated labels without an interval and without events', () => {
  expect(toGeneratedLabels({ from: '2024-01-01T00:00:00Z' })).toBeUndefined();
});
