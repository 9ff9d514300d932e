import type { RootDatabase } from 'lmdb';
import { transact } from '../../../runtime/lmdb.js';
import type { EntityType, FeatureSource } from '../../registry/model.js';
import { hasRepeatedEntity, sourceSlot } from '../merge-rule.js';
import { compareVersions, type OnlineWrite } from '../online-store.js';
import type { Rows } from './row-databases.js';
import { mergeWrite, replaceRow } from './merge-write.js';
import { RowReader, type AnySlot } from './row-codec.js';
import { encodeRow } from './row-encoder.js';
import { toKey } from './row-key.js';
import type { SlotNumbers } from './slot-numbers.js';

/** The number of served rows that one transaction of the copy takes: writers wait for about a millisecond. */
const COPIED_PER_TRANSACTION = 500;

/** A fill that runs: its rows, and the entities that were deleted since it began, which it must not bring back. */
export interface RunningFill {
  readonly rows: Rows;
  /** Bounded by the number of deletions during one fill. */
  readonly deleted: Set<string>;
}

/** Merges writes into rows, without those of the entities in `except`. Call this inside a write transaction. */
export function mergeRows(
  rows: Rows,
  writes: readonly OnlineWrite[],
  numbers: SlotNumbers,
  except?: ReadonlySet<string>,
): void {
  // Now, because finding a number may read LMDB, and a read reuses the buffer of the row that is being merged.
  let last: FeatureSource | undefined;
  for (const { source } of writes) if (source !== last) numbers.slotsOf((last = source));
  const mergeEntity = (entityId: string, ofEntity: readonly OnlineWrite[]): void => {
    if (except?.has(entityId)) return;
    const key = toKey(entityId);
    // LMDB reuses this buffer at the next read: the row is encoded before.
    const bytes = rows.getBinaryFast(key);
    const stored = bytes && new RowReader(bytes);
    const whole = ofEntity.length === 1 ? replaceRow(stored, ofEntity[0]!, numbers) : undefined;
    void rows.put(key, whole ?? mergeRow(stored, ofEntity, numbers));
  };
  if (hasRepeatedEntity(writes)) {
    for (const [entityId, ofEntity] of Map.groupBy(writes, (write) => write.entityId)) mergeEntity(entityId, ofEntity);
  } else for (const write of writes) mergeEntity(write.entityId, [write]);
}

function mergeRow(stored: RowReader | undefined, writes: readonly OnlineWrite[], numbers: SlotNumbers): Buffer {
  const slots = stored?.slots() ?? new Map<number, AnySlot>();
  for (const write of writes) mergeWrite(slots, write, numbers);
  return encodeRow(slots);
}

/**
 * Copies the values of sources that clients write from the served rows into a fill. The offline store may not have them
 * yet. Each transaction reads and writes the same moment, so a write in between is in both or comes later to both.
 */
export async function copyWrittenValues(
  environment: RootDatabase,
  entityType: EntityType,
  served: Rows,
  fill: RunningFill,
  numbers: SlotNumbers,
): Promise<void> {
  const written = entityType.sources.filter(({ sql }) => sql === null).flatMap((source) => slotNames(source));
  if (written.length === 0) return;
  await copyRows(environment, served, fill.rows, () => {
    const kept = new Set(written.flatMap((name) => numbers.find(entityType, name) ?? []));
    return (number) => kept.has(number);
  });
}

/** Copies all values from the rows of one entity type to those of another, which has the same numbers of slots. */
export async function copyAllValues(environment: RootDatabase, from: Rows, to: Rows): Promise<void> {
  await copyRows(environment, from, to, () => () => true);
}

/** Each transaction copies some rows. `isKept` is asked for in it: a number may be new. */
async function copyRows(
  environment: RootDatabase,
  from: Rows,
  to: Rows,
  isKept: () => (number: number) => boolean,
): Promise<void> {
  let after: Buffer | undefined;
  for (;;) {
    const keys = [
      ...from.getKeys({ limit: COPIED_PER_TRANSACTION, ...(after ? { start: after, exclusiveStart: true } : {}) }),
    ].map((key) => Buffer.from(key));
    if (keys.length === 0) return;
    await transact(environment, () => {
      const kept = isKept();
      for (const key of keys) copyRow(from, to, key, kept);
    });
    after = keys.at(-1);
  }
}

function copyRow(served: Rows, filled: Rows, key: Buffer, isKept: (number: number) => boolean): void {
  const found = [...readSlots(served, key)].filter(([number]) => isKept(number));
  if (found.length === 0) return;
  const slots = readSlots(filled, key);
  for (const [number, slot] of found) {
    const other = slots.get(number);
    if (!other || compareVersions(slot.version, other.version) >= 0) slots.set(number, slot);
  }
  void filled.put(key, encodeRow(slots));
}

function readSlots(rows: Rows, key: Buffer): Map<number, AnySlot> {
  const stored = rows.getBinary(key);
  return stored === undefined ? new Map<number, AnySlot>() : new RowReader(stored).slots();
}

function slotNames(source: FeatureSource): string[] {
  return [sourceSlot(source), ...source.features.map(({ name }) => name)];
}
