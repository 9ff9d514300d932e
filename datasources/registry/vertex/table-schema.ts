import type { ValueType } from '../../../values/value-type.js';

/** A column as BigQuery's API describes it. */
export interface TableColumn {
  readonly name: string;
  readonly type: string;
  /** NULLABLE when absent. */
  readonly mode?: string;
}

/** Where the columns of a BigQuery table are learned from: what Vertex AI's registry says of a feature has no type. */
export type TableSchema = (project: string, dataset: string, table: string) => Promise<readonly TableColumn[]>;

/** Both of BigQuery's spellings: the API says INTEGER and FLOAT where SQL says INT64 and FLOAT64. */
const SCALARS: Readonly<Record<string, ValueType>> = {
  BOOL: 'BOOL',
  BOOLEAN: 'BOOL',
  INT64: 'INT64',
  INTEGER: 'INT64',
  FLOAT64: 'DOUBLE',
  FLOAT: 'DOUBLE',
  STRING: 'STRING',
  BYTES: 'BYTES',
  TIMESTAMP: 'TIMESTAMP',
};

const ARRAYS: Readonly<Partial<Record<ValueType, ValueType>>> = {
  BOOL: 'BOOL_ARRAY',
  INT64: 'INT64_ARRAY',
  DOUBLE: 'DOUBLE_ARRAY',
  STRING: 'STRING_ARRAY',
};

/** The value type a sync gives a column; undefined for one that is not served (NUMERIC, DATE, JSON, a STRUCT). */
export function valueTypeOfColumn({ type, mode }: TableColumn): ValueType | undefined {
  const scalar = SCALARS[type.toUpperCase()];
  return mode === 'REPEATED' && scalar !== undefined ? ARRAYS[scalar] : scalar;
}

/** `bq://project.dataset.table`. A project of a domain has dots of its own (`example.com:shop`): the last two count. */
export function parseTableUri(uri: string): { project: string; dataset: string; table: string } | undefined {
  const [, project, dataset, table] = /^bq:\/\/(.+)\.([^.]+)\.([^.]+)$/.exec(uri) ?? [];
  return project && dataset && table ? { project, dataset, table } : undefined;
}
