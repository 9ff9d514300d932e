import type { BigQuery } from '@google-cloud/bigquery';
import { OperatorError } from '../../../errors/operator-error.js';
import type { ValueType } from '../../../values/value-type.js';
import { DEFAULT_RETRY_DELAY_MS, retryOnRateLimit } from '../../google/bigquery/rate-limits.js';
import {
  formatTablePath,
  readTable,
  type TableAddress,
  type TableColumn,
  type TableMetadata,
} from '../../google/bigquery/tables.js';
import { hasStatus } from '../../google/bigquery/api-error.js';
import { typeName } from '../../google/bigquery/type-names.js';

/**
 * Where a table's columns and location are learned from: what Vertex AI's registry says of a feature has no type. Undefined
 * when there is no such table.
 */
export type ReadTable = (address: TableAddress) => Promise<TableMetadata | undefined>;

/** Asks BigQuery, once for each table: many feature groups and views may be over one. */
export function tableReader(client: BigQuery): ReadTable {
  const asked = new Map<string, Promise<TableMetadata | undefined>>();
  return (address) => {
    const path = formatTablePath(address);
    let answer = asked.get(path);
    if (!answer) {
      answer = retryOnRateLimit(DEFAULT_RETRY_DELAY_MS, () => readTable(client, address)).catch((cause: unknown) => {
        throw unreadable(address, cause);
      });
      asked.set(path, answer);
    }
    return answer;
  };
}

function unreadable(address: TableAddress, cause: unknown): OperatorError {
  const { project, dataset } = address;
  const advice = hasStatus(cause, 403)
    ? `Grant roles/bigquery.dataViewer on dataset ${project}.${dataset} to the gateway’s account.`
    : 'Look at the credentials, the network, and whether the BigQuery API is enabled in the project.';
  const words = cause instanceof Error ? cause.message : String(cause);
  return new OperatorError(`The table ${formatTablePath(address)} cannot be looked at: ${words}`, [advice], { cause });
}

const SCALARS: Readonly<Record<string, ValueType>> = {
  BOOL: 'BOOL',
  INT64: 'INT64',
  FLOAT64: 'DOUBLE',
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
export function toValueType({ type, mode }: TableColumn): ValueType | undefined {
  const scalar = SCALARS[typeName(type.toUpperCase())];
  return mode === 'REPEATED' && scalar !== undefined ? ARRAYS[scalar] : scalar;
}

/** `bq://project.dataset.table`. A project of a domain has dots of its own (`example.com:shop`): the last two count. */
export function parseTableUri(uri: string): TableAddress | undefined {
  const [, project, dataset, table] = /^bq:\/\/(.+)\.([^.]+)\.([^.]+)$/.exec(uri) ?? [];
  return project && dataset && table ? { project, dataset, table } : undefined;
}
