import type { Feature } from '../../datasources/registry/model.js';
import type { ServedRead, ServedRow } from '../../serving/served-log/served-read.js';
import type { Instant } from '../../values/instant.js';
import type { ServedMatch, ServedValue } from './skew-result.js';

/** An entity of a read. */
export interface TimedRow {
  readonly read: ServedRead;
  readonly row: ServedRow;
}

/** The newest rows of reads that are given in about the order of their times. */
export class NewestRows {
  #rows: TimedRow[] = [];
  #isComplete = true;

  constructor(private readonly max: number) {}

  add(read: ServedRead): void {
    for (const row of read.rows) this.#rows.push({ read, row });
    // Half of the work at twice the size: one copy for each row.
    if (this.#rows.length >= 2 * this.max) this.#cut();
  }

  take(): { readonly rows: readonly TimedRow[]; readonly isComplete: boolean } {
    this.#cut();
    return { rows: this.#rows, isComplete: this.#isComplete };
  }

  #cut(): void {
    if (this.#rows.length <= this.max) return;
    this.#rows = this.#rows.slice(-this.max);
    this.#isComplete = false;
  }
}

/** What was served of a feature; undefined: the read did not ask for it. A feature may have had another name then. */
export function servedValue({ read, row }: TimedRow, { name, renamedFrom }: Feature): ServedValue | undefined {
  const column = read.features.findIndex((feature) => feature.name === name || feature.name === renamedFrom);
  const cell = row.cells[column];
  if (!cell) return undefined;
  const { valueType, definition } = read.features[column]!;
  return { ...cell, readAt: read.time, valueType, definition };
}

/** The served values of one feature by entity, to find that of a label. */
export class ServedTimes {
  readonly #byEntity = new Map<string, ServedValue[]>();

  constructor(feature: Feature, rows: readonly TimedRow[]) {
    for (const row of rows) {
      const served = servedValue(row, feature);
      if (!served) continue;
      const { entityId } = row.row;
      const known = this.#byEntity.get(entityId);
      if (known) known.push(served);
      else this.#byEntity.set(entityId, [served]);
    }
    for (const values of this.#byEntity.values()) {
      values.sort((one, other) => (one.readAt < other.readAt ? -1 : one.readAt > other.readAt ? 1 : 0));
    }
  }

  /** The value of the nearest read; of two that are equally near, the earlier one. undefined: none within the tolerance. */
  nearest(entityId: string, time: Instant, match: ServedMatch, tolerance: bigint): ServedValue | undefined {
    const values = this.#byEntity.get(entityId) ?? [];
    const after = firstAfter(values, time);
    const before = values[after - 1];
    const next = match === 'AROUND' ? values[after] : undefined;
    const beforeAge = before && time - before.readAt;
    const nextAge = next && next.readAt - time;
    if (beforeAge !== undefined && beforeAge <= tolerance && (nextAge === undefined || beforeAge <= nextAge)) {
      return before;
    }
    return nextAge !== undefined && nextAge <= tolerance ? next : undefined;
  }
}

/** The index of the first value that was read after a time. */
function firstAfter(values: readonly ServedValue[], time: Instant): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]!.readAt <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
