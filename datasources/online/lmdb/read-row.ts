import { ByteWriter } from '../../../runtime/byte-writer.js';
import { cellAt, NOT_FOUND_CELL, type FeatureCell } from '../../../values/feature-cell.js';
import { RowTexts, WITHOUT_VALUE, type CellState, type ValueBytes } from '../../../values/row-texts.js';
import type { RowReader } from './row-codec.js';
import type { NumberedColumn } from './slot-numbers.js';

/** The cells of a row. */
export function readRowCells(
  row: RowReader,
  columns: readonly NumberedColumn[],
  now: bigint,
  includeExpired: boolean | undefined,
): FeatureCell[] {
  return columns.map((column) => readCell(row, column, now, includeExpired));
}

function readCell(
  row: RowReader,
  { feature, number, sourceNumber }: NumberedColumn,
  now: bigint,
  includeExpired: boolean | undefined,
): FeatureCell {
  const position = number === undefined ? -1 : row.find(number);
  if (position >= 0) return cellAt(row.value(position), row.timestamp(position), feature.ttl, now, includeExpired);
  // No value was ever written, but rows of its source were: the feature is NULL.
  const sourcePosition = sourceNumber === undefined ? -1 : row.find(sourceNumber);
  if (sourcePosition < 0) return NOT_FOUND_CELL;
  return cellAt(null, row.timestamp(sourcePosition), feature.ttl, now);
}

const writer = new ByteWriter();

/** Makes the rows of one read, which write their values one after the other: memory of its own for each would take longer. */
export function makeRowTexts(makeAll: (shared: Pick<TextRead, 'to' | 'values'>) => RowTexts[]): RowTexts[] {
  const values: ValueBytes = { bytes: Buffer.alloc(0) };
  const rows = makeAll({ to: writer.begin(), values });
  values.bytes = Buffer.from(writer.written());
  return rows;
}

/** A read of rows as JSON. */
export interface TextRead {
  readonly columns: readonly NumberedColumn[];
  /** A time that is comparable by numbers. */
  readonly nowMicros: number;
  readonly includeExpired: boolean;
  readonly to: ByteWriter;
  /** What `to` writes, at the end of the read. */
  readonly values: ValueBytes;
}

/** The same cells as JSON. */
export function readRowTexts(row: RowReader, { columns, nowMicros, includeExpired, to, values }: TextRead): RowTexts {
  const { length } = columns;
  const bounds = new Array<number>(2 * length);
  let common: CellState | undefined;
  let states: CellState[] | undefined;
  for (let index = 0; index < length; index += 1) {
    const { feature, ttlMicros, number, sourceNumber } = columns[index]!;
    let position = number === undefined ? -1 : row.find(number);
    const isStored = position >= 0;
    // No value was ever written, but rows of its source were: the feature is NULL.
    if (!isStored && sourceNumber !== undefined) position = row.find(sourceNumber);
    let state = WITHOUT_VALUE.NOT_FOUND;
    bounds[2 * index] = to.length;
    if (position >= 0) {
      const time = row.time(position);
      const isExpired = nowMicros - time.micros > ttlMicros;
      const isWritten = isStored && (!isExpired || includeExpired) && row.writeText(position, feature.valueType, to);
      state = isExpired ? time.expired : isWritten ? time.present : time.null;
    }
    bounds[2 * index + 1] = to.length;
    if (states) states.push(state);
    else if (index === 0) common = state;
    else if (state !== common) states = [...new Array<CellState>(index).fill(common!), state];
  }
  return states ? new RowTexts(values, bounds, undefined, states) : new RowTexts(values, bounds, common, []);
}
