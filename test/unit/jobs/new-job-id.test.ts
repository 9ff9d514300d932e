import { v7 as uuidv7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { jobIdsAfter, newJobId } from '../../../jobs/new-job-id.js';

const YEAR_MS = 31_536_000_000;

describe('the ids of jobs', () => {
  it('sort after those of the store and in the order in which they were made, when the clock was set back', () => {
    const newest = uuidv7({ msecs: Date.now() + YEAR_MS });
    const newId = jobIdsAfter(newest);
    const ids = [newest, ...Array.from({ length: 100 }, () => newId())];
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('sort in their order when the clock jumps to and fro while the gateway runs', () => {
    const jumps = [0, -YEAR_MS, YEAR_MS, -10, 5, -YEAR_MS, 2 * YEAR_MS, 0];
    let turn = 0;
    const newId = jobIdsAfter(undefined, () => uuidv7({ msecs: Date.now() + jumps[turn++ % jumps.length]! }));
    const ids = Array.from({ length: 80 }, () => newId());
    expect(ids.toSorted()).toEqual(ids);
  });

  it('follow the clock of a store without jobs, and of one whose jobs are older', () => {
    for (const newest of [undefined, newJobId(1_000_000_000_000_000n)]) {
      const before = uuidv7({ msecs: Date.now() - 1 });
      expect(jobIdsAfter(newest)() > before).toBe(true);
    }
  });

  it('of adopted work have the time at which it began', () => {
    const adopted = jobIdsAfter(uuidv7())(1_000_000_000_000_000n);
    expect(adopted < newJobId(1_000_000_000_001_000n)).toBe(true);
  });
});
