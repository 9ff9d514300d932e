import { expect, it } from 'vitest';
import { WorkEnd } from '../../../runtime/work-end.js';

const reason = new Error('the client went away');

it('a signal that was made before the end aborts with its first reason', () => {
  const work = new WorkEnd();
  const { signal } = work;
  expect([work.hasEnded, signal.aborted]).toEqual([false, false]);
  work.end(reason);
  work.end(new Error('too late'));
  expect([work.hasEnded, signal.reason]).toEqual([true, reason]);
});

it('a signal that is made after the end is aborted with the same reason', () => {
  const work = new WorkEnd();
  work.end(reason);
  expect([work.signal.aborted, work.signal.reason]).toEqual([true, reason]);
  expect(work.signal).toBe(work.signal);
});
