import { describe, expect, it } from 'vitest';
import type { WriteRequest } from '../../../ingestion/feature-writer.js';
import { WriteWatch } from '../../../ingestion/writes/write-watch.js';
import { smallRegistry } from '../../support/small-registry.js';

const entityType = smallRegistry().entityType('shop', 'customer');
const [feature] = entityType.features;

function publish(watch: WriteWatch, ...entityIds: string[]): void {
  const rows: WriteRequest['rows'] = entityIds.map((entityId) => ({
    entityId,
    timestamp: 0n,
    values: new Map([[feature!, null]]),
  }));
  watch.publish({ entityType, rows }, { written: rows.length, duplicates: 0, duplicateRows: [], faults: [] });
}

describe('a follower of writes', () => {
  it('that is slow gets each changed entity once', async () => {
    const watch = new WriteWatch();
    const steps = watch.follow({ entityType, entityIds: ['a', 'b', 'c'], features: null });
    expect(await steps.next()).toEqual({ done: false, value: ['a', 'b', 'c'] });
    for (let round = 0; round < 1000; round += 1) publish(watch, 'a', 'c', 'x');
    expect(await steps.next()).toEqual({ done: false, value: ['a', 'c'] });
  });

  it('can leave while it waits, and makes room for another', async () => {
    const watch = new WriteWatch(1);
    const request = { entityType, entityIds: ['a'], features: null };
    const steps = watch.follow(request);
    await steps.next();
    expect(() => watch.follow(request)).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
    const waiting = steps.next();
    await steps.return!();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await steps.return!();
    expect((await watch.follow(request).next()).value).toEqual(['a']);
  });

  it('hears nothing of a write that changed nothing', async () => {
    const watch = new WriteWatch();
    const steps = watch.follow({ entityType, entityIds: ['a'], features: null });
    await steps.next();
    watch.publish(
      { entityType, rows: [{ entityId: 'a', timestamp: 0n, values: new Map([[feature!, null]]) }] },
      { written: 0, duplicates: 1, duplicateRows: [0], faults: [] },
    );
    const next = steps.next();
    expect(await Promise.race([next, new Promise((resolve) => setTimeout(resolve, 20, 'nothing'))])).toBe('nothing');
    await steps.return!();
  });
});
