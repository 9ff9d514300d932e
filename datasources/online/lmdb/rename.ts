import type { Database, RootDatabase } from 'lmdb';
import { transact } from '../../../runtime/lmdb.js';
import type { EntityType } from '../../registry/model.js';
import { sourceSlot } from '../merge-rule.js';
import { copyAllValues } from './fill.js';
import { databaseName, type Generations } from './generations.js';
import type { SlotNumbers } from './slot-numbers.js';

export interface RenameStores {
  readonly environment: RootDatabase;
  /** Also has, by the old name of an entity type, the new one, while values of both names exist. */
  readonly contents: Database<string, string>;
  readonly generations: Generations;
  readonly numbers: SlotNumbers;
}

/**
 * Makes the values of renamed entity types, sources and features readable by their new names. The old names stay readable
 * until `forgetNames`. It may be repeated: values that were written by an old name since are copied too.
 */
export async function addNames(stores: RenameStores, entityType: EntityType): Promise<void> {
  const before = beforeOf(entityType);
  if (before && (await isToCopy(stores, entityType, before))) await copyEntityType(stores, entityType, before);
  await transact(stores.environment, () => {
    for (const [from, to] of slotRenames(entityType)) {
      const number = stores.numbers.find(entityType, from);
      if (number !== undefined && stores.numbers.find(entityType, to) === undefined) {
        stores.numbers.name(entityType, to, number);
      }
    }
  });
  await stores.environment.flushed;
}

/** Removes the old names, after the last reader by them. */
export async function forgetNames(stores: RenameStores, entityType: EntityType): Promise<void> {
  const before = beforeOf(entityType);
  const isCopied = before && stores.contents.get(copiedKey(before)) === databaseName(entityType);
  // What was written by the old name since it was copied.
  if (isCopied) await copyEntityType(stores, entityType, before);
  await transact(stores.environment, () => {
    for (const [from, to] of slotRenames(entityType)) {
      const number = stores.numbers.find(entityType, from);
      if (number !== undefined && stores.numbers.find(entityType, to) === number)
        stores.numbers.forget(entityType, from);
    }
    if (!isCopied) return;
    stores.numbers.forgetAll(before);
    stores.generations.forget(before);
    void stores.contents.remove(databaseName(before));
    void stores.contents.remove(copiedKey(before));
  });
  if (isCopied) await stores.generations.clear(before);
  await stores.environment.flushed;
}

/** The entity type by its old name, while values of both names exist: a deletion must reach both. */
export function findBefore({ contents }: Pick<RenameStores, 'contents'>, entityType: EntityType): EntityType | null {
  const before = beforeOf(entityType);
  return before && contents.get(copiedKey(before)) === databaseName(entityType) ? before : null;
}

function beforeOf(entityType: EntityType): EntityType | null {
  return entityType.renamedFrom === null ? null : { ...entityType, name: entityType.renamedFrom };
}

function copiedKey(before: EntityType): string {
  return `${databaseName(before)}$copied`;
}

/** Not if the new name has values that were not copied: nothing replaces them. */
async function isToCopy(stores: RenameStores, entityType: EntityType, before: EntityType): Promise<boolean> {
  const { contents, generations } = stores;
  if (contents.get(copiedKey(before)) === databaseName(entityType)) return true;
  const hasValues = (type: EntityType): boolean =>
    contents.get(databaseName(type)) !== undefined || generations.isChosen(type) || !generations.isEmpty(type);
  return hasValues(before) && !hasValues(entityType);
}

async function copyEntityType(stores: RenameStores, entityType: EntityType, before: EntityType): Promise<void> {
  const { environment, contents, generations, numbers } = stores;
  await transact(environment, () => {
    // First: a process that ends during the copy continues it.
    void contents.put(copiedKey(before), databaseName(entityType));
    numbers.copy(before, entityType);
  });
  await copyAllValues(environment, generations.served(before), generations.served(entityType));
  await transact(environment, () => {
    const fill = contents.get(databaseName(before));
    if (fill !== undefined && contents.get(databaseName(entityType)) === undefined) {
      void contents.put(databaseName(entityType), fill);
    }
    if (generations.isChosen(before)) generations.keep(entityType);
  });
}

function slotRenames({ sources }: EntityType): (readonly [from: string, to: string])[] {
  return sources.flatMap((source) => [
    ...(source.renamedFrom === null
      ? []
      : [[sourceSlot({ ...source, name: source.renamedFrom }), sourceSlot(source)] as const]),
    ...source.features.flatMap(({ name, renamedFrom }) => (renamedFrom === null ? [] : [[renamedFrom, name] as const])),
  ]);
}
