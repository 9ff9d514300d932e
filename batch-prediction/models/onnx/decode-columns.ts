import type { ColumnPredictions, PredictedColumn } from '../model-serving.js';
import { valuesEach } from './decode-outputs.js';
import type { OutputField, OutputLayout } from './output-layout.js';
import type { TensorData } from './session-task.js';
import { fromElement, type ElementValueType, type Scalar } from './tensor-elements.js';

const COLUMNS = {
  DOUBLE: (rows: number) => new Float64Array(rows),
  INT64: (rows: number) => new BigInt64Array(rows),
  BOOL: (rows: number) => new Uint8Array(rows),
  STRING: (rows: number) => new Array<string>(rows).fill(''),
} satisfies Record<ElementValueType, (rows: number) => PredictedColumn>;

/** Whether each output is one value of an instance. Arrays and classes are made for each instance. */
export function canDecodeColumns(layouts: readonly OutputLayout[]): boolean {
  return layouts.every(({ fields }) =>
    fields.every(({ read, field }) => typeof read === 'object' && Object.hasOwn(COLUMNS, field.valueType)),
  );
}

/** The outputs of one run. */
export interface DecodedRun {
  readonly tensors: readonly TensorData[];
  /** The rows of the run. */
  readonly count: number;
}

/** Decodes runs, whose rows are those that `kept` has. A row with a value that is not of the output's type is not predicted. */
export function decodeColumns(
  layouts: readonly OutputLayout[],
  runs: readonly DecodedRun[],
  kept: Uint8Array,
): ColumnPredictions {
  const predicted = Uint8Array.from(kept);
  const columns = layouts.flatMap((layout, index) => {
    const parts = runs.map(({ tensors, count }) => {
      const tensor = tensors[index]!;
      return { data: tensor.data, count, each: valuesEach(layout, tensor, count) };
    });
    return layout.fields.map((field) => ({
      position: field.position,
      column: decodeField(field, parts, kept, predicted),
    }));
  });
  columns.sort((one, other) => one.position - other.position);
  return { predicted, outputs: columns.map(({ column }) => column) };
}

interface RunOutput {
  readonly data: TensorData['data'];
  readonly count: number;
  /** The elements of a row. */
  readonly each: number;
}

function decodeField(
  { field: { valueType }, read }: OutputField,
  runs: readonly RunOutput[],
  kept: Uint8Array,
  predicted: Uint8Array,
): PredictedColumn {
  const element = typeof read === 'object' ? read.element : 0;
  const column = COLUMNS[valueType as ElementValueType](kept.length);
  let row = 0;
  for (const { data, count, each } of runs) {
    const isNumber =
      column instanceof Float64Array && !(data instanceof BigInt64Array) && !(data instanceof BigUint64Array);
    for (let index = 0; index < count; index += 1, row += 1) {
      while (kept[row] === 0) row += 1;
      const place = index * each + element;
      if (isNumber) column[row] = data[place] as number;
      else if (column instanceof BigInt64Array && data instanceof BigInt64Array) column[row] = data[place]!;
      else {
        const value: Scalar | undefined = fromElement(valueType as ElementValueType, data[place]!);
        if (value === undefined) predicted[row] = 0;
        else (column as Scalar[])[row] = typeof value === 'boolean' ? Number(value) : value;
      }
    }
  }
  return column;
}
