import { describe, expect, it } from 'vitest';
import { WorkInFlight, type WorkLimits } from '../../../limits/work-in-flight.js';

const LIMITS: WorkLimits = {
  smallCost: 10,
  maxSmall: 2,
  maxCost: 100,
  maxWaiting: 3,
  maxWaitingOfOwner: 2,
  maxWaitMs: 60_000,
  maxUnreadBytes: 1000,
};

const overloaded = expect.objectContaining({
  code: 'OVERLOADED',
  details: { retryAfterSeconds: expect.any(Number) as number },
}) as unknown;

describe('the work in flight', () => {
  it('starts small requests at once, beside any large one, up to a number', async () => {
    const work = new WorkInFlight(LIMITS);
    await work.enter({ owner: 'a', cost: 100 });
    const leave = await work.enter({ owner: 'b', cost: 10 });
    await work.enter({ owner: 'b', cost: 1 });
    await expect(work.enter({ owner: 'c', cost: 1 })).rejects.toEqual(overloaded);
    leave();
    leave();
    await work.enter({ owner: 'c', cost: 1 });
    await expect(work.enter({ owner: 'c', cost: 1 })).rejects.toEqual(overloaded);
  });

  it('lets large requests wait, and starts those of each owner in turn', async () => {
    const work = new WorkInFlight(LIMITS);
    const started: string[] = [];
    const leaves: (() => void)[] = [];
    const enter = (owner: string, name: string, cost: number): Promise<void> =>
      work.enter({ owner, cost }).then((leave) => {
        started.push(name);
        leaves.push(leave);
      });
    await enter('a', 'a1', 80);
    const waiting = [enter('a', 'a2', 80), enter('a', 'a3', 80), enter('b', 'b1', 80)];
    expect(work.waiting).toBe(3);
    for (let next = 0; next < 4; next += 1) {
      leaves[next]!();
      await new Promise(setImmediate);
    }
    await Promise.all(waiting);
    expect(started).toEqual(['a1', 'a2', 'b1', 'a3']);
    expect(work.cost).toBe(0);
  });

  it('runs a request alone that is larger than all may be', async () => {
    const work = new WorkInFlight(LIMITS);
    const leave = await work.enter({ owner: 'a', cost: 1_000_000 });
    expect(work.cost).toBe(100);
    leave();
    expect(work.cost).toBe(0);
  });

  it('refuses at once when an owner or all owners have enough waiting', async () => {
    const work = new WorkInFlight(LIMITS);
    await work.enter({ owner: 'a', cost: 100 });
    const abandoned = new AbortController();
    const { signal } = abandoned;
    const waiting = ['a', 'a', 'b'].map((owner) =>
      work.enter({ owner, cost: 50, signalOf: () => signal }).catch((error: unknown) => error),
    );
    await expect(work.enter({ owner: 'a', cost: 50 })).rejects.toEqual(overloaded);
    await expect(work.enter({ owner: 'c', cost: 50 })).rejects.toEqual(overloaded);
    abandoned.abort(new Error('gone'));
    expect(await Promise.all(waiting)).toEqual([new Error('gone'), new Error('gone'), new Error('gone')]);
    expect(work.waiting).toBe(0);
  });

  it('refuses when the wait is too long', async () => {
    const work = new WorkInFlight({ ...LIMITS, maxWaitMs: 1 });
    await work.enter({ owner: 'a', cost: 100 });
    await expect(work.enter({ owner: 'b', cost: 100 })).rejects.toEqual(overloaded);
    expect(work.waiting).toBe(0);
  });

  it('bounds the bytes of answers that clients have not read, and always allows one', () => {
    const work = new WorkInFlight(LIMITS);
    const read = work.holdAnswer(5000);
    expect(() => work.holdAnswer(1)).toThrow(/Try again/);
    read();
    work.holdAnswer(600);
    work.holdAnswer(400);
    expect(() => work.holdAnswer(1)).toThrow(/Try again/);
  });
});

describe('under pressure, the work in flight', () => {
  const LATE = { loopDelayMs: 700, heapShare: 0 };

  it('refuses large and historical requests, and starts small reads of current values', async () => {
    const reports: unknown[] = [];
    const work = new WorkInFlight(LIMITS, { mode: 'enforce', report: (...report) => reports.push(report) }, () => LATE);
    await expect(work.enter({ owner: 'a', cost: 50 })).rejects.toEqual(overloaded);
    await expect(work.enter({ owner: 'a', cost: 1, isHistorical: true })).rejects.toEqual(overloaded);
    (await work.enter({ owner: 'a', cost: 1 }))();
    expect(reports).toEqual([
      ['event_loop', true],
      ['event_loop', true],
    ]);
  });

  it('refuses small ones too when it is far too late', async () => {
    const work = new WorkInFlight(LIMITS, undefined, () => ({ loopDelayMs: 5_000, heapShare: 0 }));
    await expect(work.enter({ owner: 'a', cost: 1 })).rejects.toEqual(overloaded);
  });

  it('refuses nothing in the mode "measure", and reports what it would have refused', async () => {
    const reports: unknown[] = [];
    const work = new WorkInFlight(LIMITS, { mode: 'measure', report: (...report) => reports.push(report) }, () => LATE);
    const leaves = [await work.enter({ owner: 'a', cost: 80 }), await work.enter({ owner: 'a', cost: 80 })];
    for (const leave of leaves) leave();
    expect(work.cost).toBe(0);
    expect(reports).toEqual([
      ['event_loop', false],
      ['event_loop', false],
      ['work_in_flight', false],
    ]);
  });
});
