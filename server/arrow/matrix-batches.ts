import {
  Dictionary,
  Field,
  Int8,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
  vectorFromArray,
  type Data,
} from 'apache-arrow';
import { badInput } from '../../errors/app-error.js';
import type { MatrixRows } from '../../resolvers/read-matrix.js';
import { turns } from '../../runtime/turns.js';
import type { CellStatus, FeatureCell } from '../../values/feature-cell.js';
import { arrowType, columnData, textData } from '../../values/arrow/column-data.js';

/** Rows of a record batch: some hundred KiB for ten features, so that a slow reader holds little memory. */
const ROWS_PER_BATCH = 2_048;

/** The column with the ids. */
export const ID_COLUMN = 'entityId';

const STATUSES: readonly CellStatus[] = ['PRESENT', 'NULL', 'NOT_FOUND', 'EXPIRED', 'DENIED'];

export interface MatrixColumns {
  readonly withStatuses: boolean;
  readonly withTimestamps: boolean;
}

interface Column {
  readonly field: Field;
  readonly data: (rows: readonly (readonly FeatureCell[])[]) => Data;
}

/** The record batches of a matrix, made one at a time: the next one when the reader has taken the last. */
export function matrixBatches(matrix: MatrixRows, options: MatrixColumns): AsyncIterable<RecordBatch> {
  const columns = matrixColumns(matrix, options);
  const schema = new Schema([new Field(ID_COLUMN, new Utf8(), false), ...columns.map(({ field }) => field)]);
  return makeBatches(matrix, columns, schema);
}

async function* makeBatches({ entities, rows }: MatrixRows, columns: readonly Column[], schema: Schema) {
  // Without rows there is one batch: it has the schema.
  for (let from = 0; from === 0 || from < rows.length; from += ROWS_PER_BATCH) {
    const turn = turns.take();
    if (turn) await turn;
    const batch = rows.slice(from, from + ROWS_PER_BATCH);
    const ids = textData(entities.slice(from, from + ROWS_PER_BATCH).map(({ entityId }) => entityId));
    const children = [ids, ...columns.map(({ data }) => data(batch))];
    yield new RecordBatch(
      schema,
      makeData({ type: new Struct(schema.fields), length: batch.length, nullCount: 0, children }),
    );
  }
}

function matrixColumns(
  { features, names, rows }: MatrixRows,
  { withStatuses, withTimestamps }: MatrixColumns,
): Column[] {
  const statuses = vectorFromArray([...STATUSES], new Utf8());
  const columns = features.flatMap(({ valueType }, index): Column[] => {
    const name = names[index]!;
    const denied = rows.reduce((sum, row) => sum + Number(row[index]!.status === 'DENIED'), 0);
    const metadata = new Map([
      ['featuregraph.valueType', valueType],
      ...(denied === 0 ? [] : [['featuregraph.deniedRows', String(denied)] as const]),
    ]);
    const statusType = new Dictionary(new Utf8(), new Int8(), index);
    return [
      {
        field: new Field(name, arrowType(valueType), true, metadata),
        data: (batch) =>
          columnData(
            valueType,
            batch.map((row) => row[index]!.value),
          ),
      },
      ...(withStatuses
        ? [
            {
              field: new Field(`${name}__status`, statusType, false),
              data: (batch: readonly (readonly FeatureCell[])[]) => {
                const data = Int8Array.from(batch, (row) => STATUSES.indexOf(row[index]!.status));
                return makeData({ type: statusType, length: batch.length, nullCount: 0, data, dictionary: statuses });
              },
            },
          ]
        : []),
      ...(withTimestamps
        ? [
            {
              field: new Field(`${name}__timestamp`, new TimestampMicrosecond('UTC'), true),
              data: (batch: readonly (readonly FeatureCell[])[]) =>
                columnData(
                  'TIMESTAMP',
                  batch.map((row) => row[index]!.timestamp),
                ),
            },
          ]
        : []),
    ];
  });
  refuseEqualNames([ID_COLUMN, ...columns.map(({ field }) => field.name)]);
  return columns;
}

function refuseEqualNames(columns: readonly string[]): void {
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice === undefined) return;
  throw badInput(`The stream would have two columns "${twice}". Name each feature once.`, 'names');
}

/** About the bytes of an answer, at least those of its values. */
export function matrixBytes(
  { entities, rows, features }: MatrixRows,
  { withStatuses, withTimestamps }: MatrixColumns,
): number {
  let bytes = entities.reduce((sum, { entityId }) => sum + Buffer.byteLength(entityId) + 4, 0);
  const fixed = 8 + Number(withStatuses) + (withTimestamps ? 8 : 0);
  bytes += rows.length * features.length * fixed;
  for (const row of rows) for (const { value } of row) bytes += variableBytes(value);
  return bytes;
}

function variableBytes(value: FeatureCell['value']): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (value === null || typeof value !== 'object') return 0;
  if (value instanceof Uint8Array) return value.byteLength;
  if (Array.isArray(value)) {
    return value.reduce(
      (sum: number, item: unknown) => sum + (typeof item === 'string' ? Buffer.byteLength(item) + 4 : 8),
      0,
    );
  }
  return Buffer.byteLength(JSON.stringify(value));
}
