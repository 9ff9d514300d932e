import { forEachConcurrent } from '../../../runtime/for-each-concurrent.js';
import type { EntityType } from '../../registry/model.js';
import type { FillRequest } from '../online-store.js';
import { FillStateRow } from './fill-state-row.js';
import { toCells, writeCells, type WriteTarget } from './conditional-write.js';
import { FillLease, LeaseLost, type LeaseTerms } from './fill-lease.js';
import { replaceRow, deleteStaleCells } from './replace-source.js';
import { fillStateKey, rowKey } from './row-key.js';
import { MAX_CONCURRENT_CALLS } from '../../google/bigtable/client.js';

/**
 * Fills an entity type in a table from which other gateways serve; see FillableOnlineStore. A lease ensures that one
 * process fills at a time. The fill clears the mark "filled" before its first change and sets it after its last.
 */
export async function fillEntityType(
  target: WriteTarget,
  entityType: EntityType,
  { fingerprint: contents, expectedFill: insteadOf, readWrites: writesOf }: FillRequest,
  terms: LeaseTerms,
): Promise<boolean> {
  const row = new FillStateRow(target, fillStateKey(entityType));
  const lease = await FillLease.acquire(row, terms);
  if (!lease) {
    await FillLease.waitUntilFree(row, terms);
    return false;
  }
  try {
    // Another process may have filled it after the caller's check and before this lease.
    if ((await row.read()).fingerprint !== insteadOf) return false;
    await lease.begin();
    for (const source of entityType.sources) {
      const isComputed = source.sql !== null;
      for await (const writes of writesOf(source)) {
        const entities = [...Map.groupBy(writes, ({ entityId }) => entityId)];
        await forEachConcurrent(entities, MAX_CONCURRENT_CALLS, async ([entityId, ofEntity]) => {
          lease.assertHeld();
          const key = rowKey(entityType, entityId);
          if (isComputed) await replaceRow(target, key, source, ofEntity, terms.filling);
          else await writeCells(target, key, toCells(ofEntity));
        });
      }
      if (isComputed) await deleteStaleCells(target, entityType, source, terms.filling, lease.assertHeld);
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
