import { cellAt, NOT_FOUND_CELL } from '../../../values/feature-cell.js';
import { MAX_ENTITY_ID_BYTES } from '../../../values/entity-id.js';
import type { Instant } from '../../../values/instant.js';
import { textSize } from '../../../runtime/write-bytes.js';
import { hasCreationTime } from '../../offline/point-in-time/no-creation-time.js';
import { DEFAULT_OPTIONS, type PointInTimeOptions } from '../../offline/point-in-time/plan.js';
import type {
  EntityMoment,
  HistoryEntry,
  HistoryRead,
  PointInTimeCell,
  PointInTimeRead,
} from '../../offline/offline-store.js';
import type { FeatureSource } from '../../registry/model.js';
import type { ValueVersion } from '../online-store.js';
import type { SourceRows } from './source-rows.js';

/** Rows that one read may look at: a feature without a value, or a `knownAt` long ago, may need a look at all of them. */
export class ScanBudget {
  #left: number;

  constructor(rows: number) {
    this.#left = rows;
  }

  /** False when no more rows may be looked at. */
  take(): boolean {
    this.#left -= 1;
    return this.#left >= 0;
  }
}

/** The features of one source in a read. */
export interface ReadSource {
  readonly rows: SourceRows;
  readonly source: FeatureSource;
  /** The number of the slot that every row of the source has. */
  readonly slot: number;
  readonly columns: readonly ReadColumn[];
}

interface ReadColumn {
  /** Its place in the read. */
  readonly place: number;
  readonly number: number;
  readonly ttl: bigint | null;
}

export class HistoryQuery {
  readonly #options: PointInTimeOptions;
  readonly #writtenAfter: boolean;

  constructor(
    { options, writtenAfter = false, labels }: PointInTimeRead,
    private readonly sources: readonly ReadSource[],
    private readonly width: number,
    private readonly budget = new ScanBudget(MAX_SCANNED_ROWS + 2 * labels.length * sources.length),
  ) {
    this.#options = { ...DEFAULT_OPTIONS, ...options };
    this.#writtenAfter = writtenAfter;
  }

  /** The cells of one label; undefined when too many rows would have to be looked at. */
  read({ entityId, time }: EntityMoment): PointInTimeCell[] | undefined {
    const notFound: PointInTimeCell = this.#writtenAfter ? { ...NOT_FOUND_CELL, writtenAfter: false } : NOT_FOUND_CELL;
    const cells = Array<PointInTimeCell>(this.width).fill(notFound);
    if (entityId === null || time === null || textSize(entityId) > MAX_ENTITY_ID_BYTES) return cells;
    for (const source of this.sources) if (!this.#readSource(source, entityId, time, cells)) return undefined;
    return cells;
  }

  #readSource(read: ReadSource, entityId: string, time: Instant, cells: PointInTimeCell[]): boolean {
    const { rows, source, slot } = read;
    const isStatic = source.timestampColumn === null;
    const { strictlyBefore } = this.#options;
    let newest: ValueVersion | undefined;
    let open = read.columns;
    for (const row of rows.newestFirst(entityId, isStatic ? null : time, strictlyBefore)) {
      if (!this.budget.take()) return false;
      const version = row.version(row.find(slot));
      if (!this.#wasKnown(version, isStatic, time)) continue;
      newest ??= version;
      if (source.entityType.dense) {
        for (const column of open) {
          const position = row.find(column.number);
          cells[column.place] = this.#cell(position < 0 ? null : row.value(position), version, column, read, time);
        }
        return true;
      }
      const without: ReadColumn[] = [];
      for (const column of open) {
        const position = row.find(column.number);
        if (position < 0) without.push(column);
        else cells[column.place] = this.#cell(row.value(position), version, column, read, time);
      }
      open = without;
      if (open.length === 0) return true;
    }
    if (newest) for (const column of open) cells[column.place] = this.#cell(null, newest, column, read, time);
    return true;
  }

  /** A row without a creation time cannot be proven to have been known. */
  #wasKnown({ createdTimestamp: created }: ValueVersion, isStatic: boolean, time: Instant): boolean {
    const { knownAt, knownAtLabelTime } = this.#options;
    if (knownAt !== null && !(created !== null && created <= knownAt)) return false;
    return !knownAtLabelTime || isStatic || (created !== null && created <= time);
  }

  #cell(
    value: PointInTimeCell['value'],
    { timestamp, createdTimestamp: created }: ValueVersion,
    { ttl }: ReadColumn,
    { source }: ReadSource,
    time: Instant,
  ): PointInTimeCell {
    const isStatic = source.timestampColumn === null;
    const cell = cellAt(value, isStatic ? null : timestamp, ttl, time, this.#options.includeExpired);
    if (!this.#writtenAfter) return cell;
    const isLater = !isStatic && created !== null && hasCreationTime(source) && created > time;
    return { ...cell, writtenAfter: cell.value !== null && isLater };
  }
}

/** More are a few milliseconds, in which DuckDB would answer too. */
export const MAX_SCANNED_ROWS = 5_000;

/** The values of one feature, newest first; undefined when too many rows would have to be looked at. */
export function readFeatureHistory(
  { rows, source, slot }: Pick<ReadSource, 'rows' | 'source' | 'slot'>,
  number: number,
  { entityId, from, to, before, knownAt = null, limit }: HistoryRead,
): HistoryEntry[] | undefined {
  if (textSize(entityId) > MAX_ENTITY_ID_BYTES) return [];
  const isStatic = source.timestampColumn === null;
  const isBefore = before !== null && (to === null || before <= to);
  const budget = new ScanBudget(MAX_SCANNED_ROWS + limit);
  const entries: HistoryEntry[] = [];
  for (const row of rows.newestFirst(entityId, isStatic ? null : isBefore ? before : to, isBefore)) {
    if (!budget.take()) return undefined;
    const { timestamp: stored, createdTimestamp: created } = row.version(row.find(slot));
    const timestamp = isStatic ? null : stored;
    if (timestamp !== null && from !== null && timestamp < from) break;
    if (knownAt !== null && !(created !== null && created <= knownAt)) continue;
    // An older arrival of the same moment.
    if (entries.length > 0 && entries.at(-1)!.timestamp === timestamp) continue;
    const position = row.find(number);
    if (position < 0 && !source.entityType.dense) continue;
    // All rows of the last moment have been looked at, or one of them has counted.
    if (entries.length === limit) break;
    entries.push({ value: position < 0 ? null : row.value(position), timestamp });
  }
  return entries;
}
