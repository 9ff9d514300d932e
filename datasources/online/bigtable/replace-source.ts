import { toChunks } from '../../../runtime/to-chunks.js';
import { forEachConcurrent } from '../../../runtime/for-each-concurrent.js';
import type { EntityType, FeatureSource } from '../../registry/model.js';
import { sourceSlot } from '../merge-rule.js';
import type { OnlineWrite } from '../online-store.js';
import { NO_VERSION } from './cell-codec.js';
import {
  toCells,
  columnFilter,
  deleteColumnsMutation,
  toExactFilterValue,
  setCellMutation,
  valueFilter,
  toQualifier,
  type CellWrite,
  type WriteTarget,
} from './conditional-write.js';
import { columnsFilter, SLOTS_PER_REQUEST } from './read-rows.js';
import { rowPrefix } from './row-key.js';
import { MAX_CONCURRENT_CALLS, readOptions, idempotentOptions } from '../../google/bigtable/client.js';

/**
 * A scan of an entity type takes time in proportion to its rows, so it has no deadline. The connection detects a server
 * that is gone.
 */
const CLEANUP_DEADLINE_MS = 3_600_000;
const ROWS_PER_CLEANUP = 1000;

/**
 * Replaces the values of a source in a row, in one step: readers get the old values or the new ones. The change also
 * writes the name of the fill, by which `sweep` recognizes replaced rows, so this process need not hold millions of ids
 * in memory.
 *
 * In a column that gets a value, the change deletes only newer cells: no read needs the older ones, and garbage
 * collection removes them. The call has a condition that no row meets, for the reason that deleteRow gives.
 */
export async function replaceRow(
  { table, family, deadlineMs }: WriteTarget,
  key: string,
  source: FeatureSource,
  writes: readonly OnlineWrite[],
  filling: string,
): Promise<void> {
  const newest = new Map<string, CellWrite>();
  for (const cell of [...toCells(writes), fillingCell(source, filling)]) {
    const other = newest.get(cell.qualifier);
    if (!other || cell.millis > other.millis) newest.set(cell.qualifier, cell);
  }
  const withoutValue = sourceColumnsFilter(source).filter((slot) => !newest.has(toQualifier(slot)));
  const cells = [...newest.values()];
  await table.row(key).filter([{ all: false }], {
    onNoMatch: [
      ...cells.map((cell) => setCellMutation(family, cell)),
      ...cells.map((cell) => newerDeleted(family, cell)),
      deleteColumnsMutation(family, withoutValue),
    ],
    gaxOptions: idempotentOptions(deadlineMs),
  });
}

/**
 * Deletes a source's values from every row that the fill did not replace, because the new contents lack them.
 * `assertHeld` runs before each change and stops the sweep by throwing.
 */
export async function deleteStaleCells(
  { table, family, deadlineMs }: WriteTarget,
  entityType: EntityType,
  source: FeatureSource,
  filling: string,
  assertHeld: () => void,
): Promise<void> {
  const isReplaced = [...columnFilter(family, toQualifier(fillingSlot(source))), ...valueFilter(filling)];
  const empty = async (keys: readonly string[]): Promise<void> =>
    forEachConcurrent(keys, MAX_CONCURRENT_CALLS, async (key) => {
      assertHeld();
      await table.row(key).filter(isReplaced, {
        onNoMatch: [deleteColumnsMutation(family, sourceColumnsFilter(source))],
        gaxOptions: idempotentOptions(deadlineMs),
      });
    });

  for (const slots of toChunks(listSourceSlots(source), SLOTS_PER_REQUEST)) {
    // Reads one cell of each row without its value: the sweep needs only the keys.
    const anyOfIt = [
      { family: toExactFilterValue(family) },
      columnsFilter(slots),
      { row: { cellLimit: 1 } },
      { value: { strip: true } },
    ];
    const rows = table.createReadStream({
      prefix: rowPrefix(entityType),
      decode: false,
      filter: [{ condition: { test: isReplaced, pass: [{ all: false }], fail: anyOfIt } }],
      gaxOptions: readOptions(CLEANUP_DEADLINE_MS, CLEANUP_DEADLINE_MS),
    });
    let keys: string[] = [];
    for await (const row of rows) {
      keys.push(Buffer.from((row as { readonly id: string }).id).toString());
      if (keys.length < ROWS_PER_CLEANUP) continue;
      await empty(keys);
      keys = [];
    }
    await empty(keys);
  }
}

function newerDeleted(family: string, { qualifier, millis }: CellWrite): object {
  return { method: 'delete', data: [{ column: `${family}:${qualifier}`, time: { start: new Date(millis + 1) } }] };
}

function listSourceSlots(source: FeatureSource): string[] {
  return [sourceSlot(source), ...source.features.map(({ name }) => name)];
}

function sourceColumnsFilter(source: FeatureSource): string[] {
  return [...listSourceSlots(source), fillingSlot(source)];
}

/** Names are identifiers, so this name never equals the slot of a feature or a source. */
function fillingSlot(source: FeatureSource): string {
  return `%${source.name}`;
}

function fillingCell(source: FeatureSource, filling: string): CellWrite {
  return { qualifier: toQualifier(fillingSlot(source)), millis: 0, version: NO_VERSION, value: filling };
}
