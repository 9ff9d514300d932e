import { expect, it } from 'vitest';
import { RateWindows } from '../../../limits/rate-windows.js';

it('refuses what is too much in a window, and says how long to wait', () => {
  let now = 0;
  const windows = new RateWindows(2, 1000, 10, () => now);
  expect([windows.take('a'), windows.take('a'), windows.take('b')]).toEqual([undefined, undefined, undefined]);
  now = 400;
  expect(windows.waitOf('a')).toBeUndefined();
  expect(windows.take('a')).toBe(600);
  expect([windows.waitOf('a'), windows.waitOf('b'), windows.waitOf('c')]).toEqual([600, undefined, undefined]);
  now = 1000;
  expect([windows.waitOf('a'), windows.take('a')]).toEqual([undefined, undefined]);
});

it('knows a bounded number of keys, and forgets ended windows first', () => {
  let now = 0;
  const windows = new RateWindows(1, 1000, 2, () => now);
  windows.take('old');
  now = 900;
  windows.take('busy', 5);
  now = 1100;
  windows.take('new');
  expect(windows.waitOf('busy')).toBe(800);
  for (let key = 0; key < 100; key += 1) windows.take(`invented ${key}`);
  now = 5000;
  windows.sweep();
  expect(windows.isEmpty).toBe(true);
});
