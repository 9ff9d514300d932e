import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JobWatch } from '../../../jobs/job-watch.js';
import type { JobRecord } from '../../../datasources/job-store/job-record.js';
import type { JobState } from '../../../datasources/job-store/job-state.js';
import { jobRecord } from '../../support/job-record.js';

function record(state: JobState, completed = 0n): JobRecord {
  return jobRecord({ state, progress: { completed, failed: 0n, total: null } });
}

describe('a watch of a job', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('tells the job as it is at once, then changes at most four times a second, the newest each time', async () => {
    const watch = new JobWatch(record('RUNNING'));
    const told: bigint[] = [];
    const following = (async () => {
      for await (const { progress } of watch.follow()) told.push(progress.completed);
    })();
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual([0n]);
    for (let step = 1n; step <= 100n; step += 1n) {
      watch.publish(record('RUNNING', step));
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(told).toEqual([0n, 25n, 50n, 75n, 100n]);
    watch.publish(record('SUCCEEDED', 200n));
    await vi.advanceTimersByTimeAsync(250);
    expect(told.at(-1)).toBe(200n);
    await following;
  });

  it('tells nothing while nothing changes', async () => {
    const watch = new JobWatch(record('RUNNING'));
    const told: bigint[] = [];
    void (async () => {
      for await (const { progress } of watch.follow()) told.push(progress.completed);
    })();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([0n]);
    watch.publish(record('FAILED', 1n));
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual([0n, 1n]);
  });

  it('of an ended job tells it once and completes', async () => {
    const steps = new JobWatch(record('CANCELLED')).follow();
    expect((await steps.next()).value?.state).toBe('CANCELLED');
    expect(await steps.next()).toEqual({ done: true, value: undefined });
  });

  it('never leaves out the end, nor tells anything after it', async () => {
    const watch = new JobWatch(record('RUNNING'));
    const steps = watch.follow();
    await steps.next();
    watch.publish(record('SUCCEEDED', 9n));
    watch.publish(record('RUNNING', 8n));
    const next = steps.next();
    await vi.advanceTimersByTimeAsync(250);
    expect((await next).value).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 9n } });
    expect((await steps.next()).done).toBe(true);
  });

  it('tells the end at once, also right after a step', async () => {
    const watch = new JobWatch(record('RUNNING'));
    const steps = watch.follow();
    await steps.next();
    const next = steps.next();
    await vi.advanceTimersByTimeAsync(0);
    watch.publish(record('SUCCEEDED', 9n));
    await vi.advanceTimersByTimeAsync(0);
    expect((await next).value?.state).toBe('SUCCEEDED');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('holds nothing for a slow reader, who gets the newest when he comes back', async () => {
    const watch = new JobWatch(record('RUNNING'));
    const steps = watch.follow();
    await steps.next();
    for (let step = 1n; step <= 10_000n; step += 1n) watch.publish(record('RUNNING', step));
    expect(watch.watchers).toBe(0);
    const next = steps.next();
    await vi.advanceTimersByTimeAsync(250);
    expect((await next).value?.progress.completed).toBe(10_000n);
  });

  it.each([0, 10_000])('lets go of a watcher who leaves after %d ms, and of its timers', async (afterMs) => {
    const watch = new JobWatch(record('RUNNING'));
    const steps = watch.follow();
    await steps.next();
    const waiting = steps.next();
    await vi.advanceTimersByTimeAsync(afterMs);
    await steps.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(watch.watchers).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
