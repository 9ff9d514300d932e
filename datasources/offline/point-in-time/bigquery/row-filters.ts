import { decodeEntityId } from '../../../../values/entity-id.js';
import type { BigQueryParameters } from './parameters.js';
import { historyColumn, type BigQueryTable, type PartitionType } from './table.js';

/** More ids than this are in nearly every block of a table, so that a filter would save nothing. */
const MAX_FILTERED_IDS = 10_000;
/** A request holds at most 10 MB, most of which the labels may take. */
const MAX_FILTERED_BYTES = 500_000;

/** Collects the distinct entity ids of labels for a filter, up to its limits. */
export class FilteredIds {
  readonly #ids = new Set<string>();
  #bytes = 0;

  add(entityId: string): void {
    if (this.#isFull || this.#ids.has(entityId)) return;
    this.#ids.add(entityId);
    this.#bytes += Buffer.byteLength(entityId);
  }

  /** null: there are too many for a filter. */
  get ids(): ReadonlySet<string> | null {
    return this.#isFull ? null : this.#ids;
  }

  get #isFull(): boolean {
    return this.#ids.size > MAX_FILTERED_IDS || this.#bytes > MAX_FILTERED_BYTES;
  }
}

/**
 * Conditions on each part of the entities' ids that are constant for BigQuery. With them it skips the blocks of a
 * clustered table that have none of the ids; a join with the rows of a parameter skips none. The table is clustered by
 * the parts, so each part of a composite id has its own condition, and rows of other combinations remain. Undefined
 * when no row can have one of the ids.
 *
 * Two tables with the same form of id share the parameters of one prefix, so a query of many tables sends the ids once.
 */
export function entityConditions(
  { entityColumns }: BigQueryTable,
  ids: readonly (readonly string[])[],
  parameters: BigQueryParameters,
  prefix = 'ids',
): string[] | undefined {
  const possible = ids.filter((parts) =>
    entityColumns.every(({ type }, part) => type === 'STRING' || isInt64(parts[part]!)),
  );
  if (possible.length === 0) return undefined;
  return entityColumns.map(({ name, type }, part) => {
    const values = [...new Set(possible.map((parts) => parts[part]!))];
    const parameter = `${prefix}_${part}_of_${entityColumns.length}_${type.toLowerCase()}`;
    return `${historyColumn(name)} IN UNNEST(${parameters.add(parameter, [type], values)})`;
  });
}

/**
 * As entityConditions, and no rows of other combinations of the parts: each part of a composite id has its condition, and the
 * whole id has one.
 */
export function wholeEntityConditions(
  table: BigQueryTable,
  entityIds: readonly string[],
  columns: readonly string[],
  parameters: BigQueryParameters,
): string[] | undefined {
  const ids = entityIds
    .map((entityId) => ({ entityId, parts: decodeEntityId(entityId, columns) }))
    .filter(({ parts }) => table.entityColumns.every(({ type }, part) => type !== 'INT64' || isInt64(parts[part]!)));
  const parts = ids.map((id) => id.parts);
  const ofParts = entityConditions(table, parts, parameters);
  if (ofParts === undefined || table.entityColumns.length === 1) return ofParts;
  // encodeEntityId (values/entity-id.ts) in SQL.
  const encoded = table.entityColumns
    .map(({ name }) => `REPLACE(REPLACE(CAST(${historyColumn(name)} AS STRING), '%', '%25'), ',', '%2C')`)
    .join(` || ',' || `);
  const whole = ids.map(({ entityId }) => entityId);
  return [...ofParts, `${encoded} IN UNNEST(${parameters.add('ids', ['STRING'], whole)})`];
}

/**
 * The condition of a read without a time on a table that refuses queries without a filter on its partitions
 * (require_partition_filter). It leaves out no row. Empty where a condition on the event time already filters.
 */
export function partitionConditions(table: BigQueryTable, { hasTime }: { readonly hasTime: boolean }): string[] {
  const { requiredFilter, eventTime } = table;
  if (requiredFilter === null) return [];
  const column = historyColumn(requiredFilter.column);
  const all = `${column} >= ${FIRST_OF[requiredFilter.type]}`;
  if (requiredFilter.column.toLowerCase() !== eventTime?.toLowerCase()) return [`(${all} OR ${column} IS NULL)`];
  return hasTime ? [] : [all];
}

const FIRST_OF: Readonly<Record<PartitionType, string>> = {
  TIMESTAMP: "TIMESTAMP '0001-01-01 00:00:00+00'",
  DATETIME: "DATETIME '0001-01-01 00:00:00'",
  DATE: "DATE '0001-01-01'",
  INT64: '-9223372036854775808',
};

export function isPartitionType(type: string): type is PartitionType {
  return type in FIRST_OF;
}

/** The parts of the ids that have the form of this entity type. Another id matches no row. */
export function decodePossibleIds(entityIds: Iterable<string>, columns: readonly string[]): string[][] {
  return [...entityIds].flatMap((entityId) => {
    try {
      return [decodeEntityId(entityId, columns)];
    } catch {
      return [];
    }
  });
}

/** An integer id matches only in its canonical form: 05 is not 5. */
export function isInt64(text: string): boolean {
  return /^(0|-?[1-9]\d{0,18})$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}
