import { chunksOf } from '../../../runtime/chunks-of.js';
import { concurrently } from '../../../runtime/concurrently.js';
import type { EntityType, FeatureSource } from '../../registry/model.js';
import { sourceSlot } from '../merge-rule.js';
import type { OnlineWrite } from '../online-store.js';
import { NO_VERSION } from './cell-codec.js';
import {
  cellsOf,
  columnOf,
  emptied,
  exactly,
  insertOf,
  ofValue,
  qualifierOf,
  type CellWrite,
  type WriteTarget,
} from './conditional-write.js';
import { columnsOf, SLOTS_PER_REQUEST } from './read-rows.js';
import { rowPrefix } from './row-key.js';
import { CALLS_AT_ONCE, readOptions, repeatableOptions } from './store-calls.js';

/** Looking through an entity type takes as long as it has rows. A server that is gone is noticed by the connection. */
const SWEEP_DEADLINE_MS = 3_600_000;
const ROWS_PER_SWEEP = 1000;

/**
 * Replaces what a row says of a source, in one step: readers get what was or what comes. With the values goes the name of the
 * filling, by which `sweep` knows what was replaced: this process need not remember ids by the million.
 *
 * Of a column that gets a value only newer cells are deleted: the older ones are never read again, and garbage collection
 * has them. A conditional call with a condition that no row meets, for the reason deleteRow gives.
 */
export async function replaceRow(
  { table, family, deadlineMs }: WriteTarget,
  key: string,
  source: FeatureSource,
  writes: readonly OnlineWrite[],
  filling: string,
): Promise<void> {
  const newest = new Map<string, CellWrite>();
  for (const cell of [...cellsOf(writes), fillingCell(source, filling)]) {
    const other = newest.get(cell.qualifier);
    if (!other || cell.millis > other.millis) newest.set(cell.qualifier, cell);
  }
  const withoutValue = columnsOfSource(source).filter((slot) => !newest.has(qualifierOf(slot)));
  const cells = [...newest.values()];
  await table.row(key).filter([{ all: false }], {
    onNoMatch: [
      ...cells.map((cell) => insertOf(family, cell)),
      ...cells.map((cell) => newerDeleted(family, cell)),
      emptied(family, withoutValue),
    ],
    gaxOptions: repeatableOptions(deadlineMs),
  });
}

/**
 * Takes a source's values out of every row that a filling did not replace: its contents lack them. `assertHeld` is called
 * before each change, and ends it by throwing.
 */
export async function sweep(
  { table, family, deadlineMs }: WriteTarget,
  entityType: EntityType,
  source: FeatureSource,
  filling: string,
  assertHeld: () => void,
): Promise<void> {
  const isReplaced = [...columnOf(family, qualifierOf(fillingSlot(source))), ...ofValue(filling)];
  const empty = async (keys: readonly string[]): Promise<void> =>
    concurrently(keys, CALLS_AT_ONCE, async (key) => {
      assertHeld();
      await table.row(key).filter(isReplaced, {
        onNoMatch: [emptied(family, columnsOfSource(source))],
        gaxOptions: repeatableOptions(deadlineMs),
      });
    });

  for (const slots of chunksOf(slotsOfSource(source), SLOTS_PER_REQUEST)) {
    // One cell of each row and not its value: just to hear of it.
    const anyOfIt = [
      { family: exactly(family) },
      columnsOf(slots),
      { row: { cellLimit: 1 } },
      { value: { strip: true } },
    ];
    const rows = table.createReadStream({
      prefix: rowPrefix(entityType),
      decode: false,
      filter: [{ condition: { test: isReplaced, pass: [{ all: false }], fail: anyOfIt } }],
      gaxOptions: readOptions(SWEEP_DEADLINE_MS, SWEEP_DEADLINE_MS),
    });
    let keys: string[] = [];
    for await (const row of rows) {
      keys.push(Buffer.from((row as { readonly id: string }).id).toString());
      if (keys.length < ROWS_PER_SWEEP) continue;
      await empty(keys);
      keys = [];
    }
    await empty(keys);
  }
}

function newerDeleted(family: string, { qualifier, millis }: CellWrite): object {
  return { method: 'delete', data: [{ column: `${family}:${qualifier}`, time: { start: new Date(millis + 1) } }] };
}

function slotsOfSource(source: FeatureSource): string[] {
  return [sourceSlot(source), ...source.features.map(({ name }) => name)];
}

function columnsOfSource(source: FeatureSource): string[] {
  return [...slotsOfSource(source), fillingSlot(source)];
}

/** Names are identifiers, so it is neither a feature's slot nor a source's. */
function fillingSlot(source: FeatureSource): string {
  return `%${source.name}`;
}

function fillingCell(source: FeatureSource, filling: string): CellWrite {
  return { qualifier: qualifierOf(fillingSlot(source)), millis: 0, version: NO_VERSION, value: filling };
}
