import { asyncBufferFromFile, parquetMetadataAsync, parquetSchema, type SchemaTree } from 'hyparquet';

/** A column as BigQuery's REST API has it. */
export interface LoadedColumn {
  readonly name: string;
  readonly type: string;
  readonly mode: 'NULLABLE' | 'REPEATED';
  readonly fields?: LoadedColumn[];
}

/** NUMERIC has 29 digits before the point and 9 after it; each DECIMAL of 38 digits fits BIGNUMERIC. */
const NUMERIC = { integers: 29, fraction: 9 };

/** The types of BigQuery by the annotation of a column of Parquet, and by its physical type where it has none. */
const ANNOTATED: Readonly<Record<string, string>> = {
  INT_8: 'INT64',
  INT_16: 'INT64',
  INT_32: 'INT64',
  INT_64: 'INT64',
  UINT_8: 'INT64',
  UINT_16: 'INT64',
  UINT_32: 'INT64',
  UTF8: 'STRING',
  DATE: 'DATE',
};
const PLAIN: Readonly<Record<string, string>> = {
  BOOLEAN: 'BOOL',
  INT32: 'INT64',
  INT64: 'INT64',
  FLOAT: 'FLOAT64',
  DOUBLE: 'FLOAT64',
  BYTE_ARRAY: 'BYTES',
};

/**
 * The columns that a Parquet file has in BigQuery, by the published conversions. The load job names them, so that
 * BigQuery refuses a file that it would read in another way. Throws for a column without an exact counterpart; the
 * training set was checked for such columns before it was made.
 *
 * A list stays a record of a list of elements, which is what BigQuery makes of it unless it is told to infer arrays: an
 * ARRAY of BigQuery has no nulls, and a null array would become an empty one.
 */
export async function readLoadedColumns(path: string): Promise<readonly LoadedColumn[]> {
  const { children } = parquetSchema(await parquetMetadataAsync(await asyncBufferFromFile(path)));
  return children.map(toColumn);
}

function toColumn(node: SchemaTree): LoadedColumn {
  const { name, repetition_type } = node.element;
  const mode = repetition_type === 'REPEATED' ? 'REPEATED' : 'NULLABLE';
  if (node.children.length > 0) return { name, type: 'RECORD', mode, fields: node.children.map(toColumn) };
  return { name, type: typeOf(node), mode };
}

function typeOf({ element, path }: SchemaTree): string {
  const { type, converted_type: annotation, logical_type: logical, precision = 0, scale = 0 } = element;
  if (annotation === 'DECIMAL') {
    return scale <= NUMERIC.fraction && precision - scale <= NUMERIC.integers ? 'NUMERIC' : 'BIGNUMERIC';
  }
  // BigQuery makes a moment of each timestamp, also of one without a zone.
  if (logical?.type === 'TIMESTAMP' && logical.unit === 'MICROS' && logical.isAdjustedToUTC) return 'TIMESTAMP';
  const found =
    annotation !== undefined ? ANNOTATED[annotation] : logical === undefined ? PLAIN[type ?? ''] : undefined;
  if (found !== undefined) return found;
  throw new Error(
    `BigQuery has no exact type for the column ${path.join('.')}: ${type ?? ''} ${annotation ?? logical?.type ?? ''}`,
  );
}
