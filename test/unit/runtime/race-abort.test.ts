import { expect, it } from 'vitest';
import { raceAbort } from '../../../runtime/race-abort.js';

const never = (): Promise<never> => new Promise(() => undefined);

it('gives what the work gives', async () => {
  const { signal } = new AbortController();
  await expect(raceAbort(signal, Promise.resolve('done'))).resolves.toBe('done');
  await expect(raceAbort(signal, Promise.reject(new Error('failed')))).rejects.toThrow('failed');
});

it('rejects with the reason as soon as the signal is aborted, and when it was before', async () => {
  const stop = new AbortController();
  const waiting = raceAbort(stop.signal, never());
  stop.abort(new Error('no longer wanted'));
  await expect(waiting).rejects.toThrow('no longer wanted');
  await expect(raceAbort(stop.signal, never())).rejects.toThrow('no longer wanted');
});

it('leaves no rejection unhandled when the work fails after the abort', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const stop = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    const waiting = raceAbort(stop.signal, promise);
    stop.abort(new Error('no longer wanted'));
    await expect(waiting).rejects.toThrow('no longer wanted');
    reject(new Error('too late'));
    // Node reports unhandled rejections after the microtasks of a turn.
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});
