import { expect, it } from 'vitest';
import { pause } from '../../../runtime/pause.js';

const LONG_MS = 3_600_000;

it('ends when the signal is aborted, and at once when it was before', async () => {
  const stop = new AbortController();
  const pausing = pause(LONG_MS, stop.signal);
  stop.abort();
  await expect(pausing).resolves.toBeUndefined();
  await expect(pause(LONG_MS, stop.signal)).resolves.toBeUndefined();
});

it('ends after its time when nothing is aborted', async () => {
  const before = performance.now();
  await pause(20, new AbortController().signal);
  expect(performance.now() - before).toBeGreaterThanOrEqual(19);
});
