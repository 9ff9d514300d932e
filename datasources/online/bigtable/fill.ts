import { concurrently } from '../../../runtime/concurrently.js';
import type { EntityType } from '../../registry/model.js';
import type { Filling } from '../online-store.js';
import { ContentsRow } from './contents-row.js';
import { cellsOf, writeCells, type WriteTarget } from './conditional-write.js';
import { FillLease, LeaseLost, type LeaseTerms } from './fill-lease.js';
import { replaceRow, sweep } from './replace-source.js';
import { contentsKey, rowKey } from './row-key.js';
import { CALLS_AT_ONCE } from './store-calls.js';

/**
 * Fills an entity type in a table that others serve from, as FillableOnlineStore says. One process at a time, by a lease; the
 * mark that it is filled goes before the first change and comes after the last.
 */
export async function fillEntityType(
  target: WriteTarget,
  entityType: EntityType,
  { contents, insteadOf, writesOf }: Filling,
  terms: LeaseTerms,
): Promise<boolean> {
  const row = new ContentsRow(target, contentsKey(entityType));
  const lease = await FillLease.take(row, terms);
  if (!lease) {
    await FillLease.untilFree(row, terms);
    return false;
  }
  try {
    // Another may have filled it between the caller's look and the lease.
    if ((await row.read()).contents !== insteadOf) return false;
    await lease.begin();
    for (const source of entityType.sources) {
      const isComputed = source.sql !== null;
      for await (const writes of writesOf(source)) {
        const entities = [...Map.groupBy(writes, ({ entityId }) => entityId)];
        await concurrently(entities, CALLS_AT_ONCE, async ([entityId, ofEntity]) => {
          lease.assertHeld();
          const key = rowKey(entityType, entityId);
          if (isComputed) await replaceRow(target, key, source, ofEntity, terms.filling);
          else await writeCells(target, key, cellsOf(ofEntity));
        });
      }
      if (isComputed) await sweep(target, entityType, source, terms.filling, lease.assertHeld);
    }
    await lease.finish(contents);
    return true;
  } catch (error) {
    if (error instanceof LeaseLost) return false;
    throw error;
  } finally {
    await lease.release();
  }
}
