import { describe, expect, it } from 'vitest';
import type { WriteRequest } from '../../../ingestion/feature-writer.js';
import { WriteWatch, type Following } from '../../../ingestion/writes/write-watch.js';
import { WRITE_LIMITS } from '../../../limits/write-limits.js';
import { smallRegistry } from '../../support/small-registry.js';

const entityType = smallRegistry().entityType('shop', 'customer');
const city = entityType.features.find(({ name }) => name === 'city')!;
const orders = entityType.features.find(({ name }) => name === 'orders_7d')!;

type Rows = WriteRequest['rows'];

function publish(watch: WriteWatch, rows: Rows, duplicateRows: readonly number[] = []): void {
  const duplicates = duplicateRows.length;
  const written = rows.length - duplicates;
  const outcome = { written, duplicates, duplicateRows, faults: [], quarantined: [], warned: [] };
  watch.publish({ entityType, rows }, outcome);
}

const rowsOf = (...entityIds: string[]): Rows =>
  entityIds.map((entityId) => ({ entityId, timestamp: 0n, values: new Map([[city, 'Bern']]) }));

const isWaiting = async (following: Following): Promise<boolean> => {
  const changed = following.changed().then(() => false);
  return Promise.race([changed, new Promise<boolean>((resolve) => setImmediate(resolve, true))]);
};

describe('a follower of writes', () => {
  it('gets the rows of its entities in the order of the writes, each once', async () => {
    const watch = new WriteWatch();
    const following = watch.follow({ entityType, entityIds: ['a', 'c'], features: null });
    publish(watch, rowsOf('a', 'x', 'c'));
    publish(watch, rowsOf('a'));
    await following.changed();
    const { rows, isIncomplete } = following.take();
    expect(rows.map(({ entityId }) => entityId)).toEqual(['a', 'c', 'a']);
    expect(isIncomplete).toBe(false);
    expect(following.take().rows).toEqual([]);
  });

  it('gets the values of its features alone', () => {
    const watch = new WriteWatch();
    const following = watch.follow({ entityType, entityIds: ['a'], features: [orders] });
    const both = new Map<typeof city, string | bigint>([
      [city, 'Bern'],
      [orders, 1n],
    ]);
    publish(watch, [...rowsOf('a'), { entityId: 'a', timestamp: 1n, values: both }]);
    expect(following.take().rows.map(({ values }) => [...values])).toEqual([[[orders, 1n]]]);
  });

  it('that is slow is told which entities changed, and that rows are missing', () => {
    const watch = new WriteWatch();
    const following = watch.follow({ entityType, entityIds: ['a', 'b', 'c'], features: null });
    for (let round = 0; round <= WRITE_LIMITS.maxValuesPerEvent / 2; round += 1) publish(watch, rowsOf('a', 'c', 'x'));
    const { rows, entityIds, isIncomplete } = following.take();
    expect(rows).toEqual([]);
    expect([...entityIds]).toEqual(['a', 'c']);
    expect(isIncomplete).toBe(true);
    publish(watch, rowsOf('b'));
    expect(following.take()).toMatchObject({ rows: [{ entityId: 'b' }], isIncomplete: false });
  });

  it('can leave while it waits, and makes room for another', async () => {
    const watch = new WriteWatch(1);
    const request = { entityType, entityIds: ['a'], features: null };
    const following = watch.follow(request);
    expect(() => watch.follow(request)).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
    const waiting = following.changed();
    following.leave();
    await waiting;
    expect(following.hasLeft).toBe(true);
    following.leave();
    expect(watch.follow(request).hasLeft).toBe(false);
  });

  it('hears nothing of a row that changed nothing', async () => {
    const watch = new WriteWatch();
    const following = watch.follow({ entityType, entityIds: ['a', 'b'], features: null });
    publish(watch, rowsOf('a'), [0]);
    expect(await isWaiting(following)).toBe(true);
    publish(watch, rowsOf('a', 'b'), [0]);
    expect(await isWaiting(following)).toBe(false);
    expect(following.take().rows).toMatchObject([{ entityId: 'b' }]);
    following.leave();
  });

  it('is told of a null as a change of the entity, because a null leaves the last value', () => {
    const watch = new WriteWatch();
    const following = watch.follow({ entityType, entityIds: ['a'], features: null });
    publish(watch, [{ entityId: 'a', timestamp: 0n, values: new Map([[city, null]]) }]);
    const { rows, entityIds } = following.take();
    expect([rows, [...entityIds]]).toEqual([[], ['a']]);
  });
});
