import { clientText } from './client-text.js';
import type { CellStatus, FeatureCell } from './feature-cell.js';
import { formatInstant, type Instant } from './instant.js';
import type { JsonBytes } from './json-bytes.js';
import type { ValueType } from './value-type.js';

/** What a cell has beside its value. Cells that are beside each other mostly share the object. */
export interface CellState {
  readonly status: CellStatus;
  /** The event time; null: the cell has none. */
  readonly instant: Instant | null;
  /** The JSON of the time. */
  readonly timeText: string;
}

export const NULL_TEXT = 'null';
const QUOTE = 0x22;
const NULL_BYTES = Buffer.from(NULL_TEXT);

/** The values of rows that are read together. */
export interface ValueBytes {
  /** Set when the last of the rows is written. */
  bytes: Buffer;
}

/**
 * The cells of an entity as JSON for clients, in the order of the features. An answer has thousands of cells: an object with a
 * bigint for each would be most of the work, and then a text for each. So the JSON of values is bytes, which an answer copies.
 */
export class RowTexts {
  constructor(
    private readonly values: ValueBytes,
    /** The value `i` is in the bytes from `bounds[2 * i]` to `bounds[2 * i + 1]`. Empty: the cell has no value. */
    private readonly bounds: readonly number[],
    /** The state of all cells; undefined: they have different ones. */
    readonly common: CellState | undefined,
    /** The state of each cell, if they have different ones. */
    private readonly states: readonly CellState[],
  ) {}

  /** The number of cells. */
  get length(): number {
    return this.bounds.length / 2;
  }

  stateAt(index: number): CellState {
    return this.common ?? this.states[index]!;
  }

  isNull(index: number): boolean {
    return this.bounds[2 * index] === this.bounds[2 * index + 1];
  }

  /** Whether the JSON of a value is a string. */
  isString(index: number): boolean {
    return !this.isNull(index) && this.values.bytes[this.bounds[2 * index]!] === QUOTE;
  }

  /** The JSON of a value; `null` where the cell has none. */
  textAt(index: number): string {
    if (this.isNull(index)) return NULL_TEXT;
    return this.values.bytes.toString('utf8', this.bounds[2 * index], this.bounds[2 * index + 1]);
  }

  /** Writes the JSON of a value; `null` where the cell has none. */
  writeTo(to: JsonBytes, index: number): void {
    const start = this.bounds[2 * index]!;
    const end = this.bounds[2 * index + 1]!;
    if (start === end) to.bytes(NULL_BYTES);
    else to.bytes(this.values.bytes, start, end);
  }

  /** Adds the number of cells of each status. */
  countStatuses(counts: Map<CellStatus, number>): void {
    const add = (status: CellStatus, count: number): void => {
      counts.set(status, (counts.get(status) ?? 0) + count);
    };
    if (this.common) add(this.common.status, this.length);
    else for (const { status } of this.states) add(status, 1);
  }

  /** Some columns of the row. One that the row does not have (-1) has the status `absent`. */
  pick(columns: readonly number[], absent: CellStatus): RowTexts {
    const bounds = columns.flatMap((column) =>
      column < 0 ? [0, 0] : [this.bounds[2 * column]!, this.bounds[2 * column + 1]!],
    );
    const states = columns.map((column) => (column < 0 ? WITHOUT_VALUE[absent] : this.stateAt(column)));
    return new RowTexts(this.values, bounds, undefined, states);
  }
}

export function cellState(status: CellStatus, instant: Instant | null): CellState {
  return { status, instant, timeText: timeText(instant) };
}

/** The JSON of a time. */
export function timeText(instant: Instant | null): string {
  return instant === null ? NULL_TEXT : `"${formatInstant(instant)}"`;
}

const STATUSES: readonly CellStatus[] = ['PRESENT', 'NULL', 'NOT_FOUND', 'EXPIRED', 'DENIED'];

/** The states of cells without a time. */
export const WITHOUT_VALUE = Object.fromEntries(
  STATUSES.map((status) => [status, cellState(status, null)]),
) as Readonly<Record<CellStatus, CellState>>;

const NO_VALUES: ValueBytes = { bytes: Buffer.alloc(0) };

/** A row whose cells have this status, no value and no time. */
export function emptyRowTexts(length: number, status: CellStatus): RowTexts {
  return new RowTexts(NO_VALUES, new Array<number>(2 * length).fill(0), WITHOUT_VALUE[status], []);
}

/** The texts of rows of cells: `features[i]` is the feature of `rows[_][i]`. */
export function rowTexts(
  features: readonly { readonly valueType: ValueType }[],
  rows: readonly (readonly FeatureCell[])[],
): RowTexts[] {
  const values: ValueBytes = { bytes: NO_VALUES.bytes };
  const texts: string[] = [];
  let length = 0;
  let state = WITHOUT_VALUE.NOT_FOUND;
  const made = rows.map((cells) => {
    const bounds: number[] = [];
    const states = cells.map(({ status, value, timestamp }, index) => {
      const text = value === null ? '' : clientText(features[index]!.valueType, value);
      texts.push(text);
      bounds.push(length, (length += Buffer.byteLength(text)));
      if (timestamp !== state.instant || status !== state.status) state = cellState(status, timestamp);
      return state;
    });
    return new RowTexts(values, bounds, undefined, states);
  });
  values.bytes = Buffer.from(texts.join(''));
  return made;
}
