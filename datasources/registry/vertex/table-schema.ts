import { toErrorMessage } from '../../../errors/error-message.js';
import type { BigQuery } from '@google-cloud/bigquery';
import { OperatorError } from '../../../errors/operator-error.js';
import { VALUE_TYPES, type ValueType } from '../../../values/value-type.js';
import { DEFAULT_RETRY_DELAY_MS, retryOnRateLimit } from '../../google/bigquery/rate-limits.js';
import {
  formatTablePath,
  readTable,
  type TableAddress,
  type TableColumn,
  type TableMetadata,
} from '../../google/bigquery/tables.js';
import { hasStatus } from '../../google/bigquery/api-error.js';
import { isReadableAs } from '../../google/bigquery/column-types.js';

/**
 * Reads a table's columns and location: features in Vertex AI's registry have no type. Undefined when the table does
 * not exist.
 */
export type ReadTable = (address: TableAddress) => Promise<TableMetadata | undefined>;

/** Reads from BigQuery, once per table: several feature groups and views may use one. */
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
  const words = toErrorMessage(cause);
  return new OperatorError(`The table ${formatTablePath(address)} cannot be looked at: ${words}`, [advice], { cause });
}

/** The value types that a feature view serves. It does not serve a STRUCT, whatever its column in BigQuery. */
const SERVED_BY_VIEWS = {
  BOOL: true,
  BOOL_ARRAY: true,
  DOUBLE: true,
  DOUBLE_ARRAY: true,
  INT64: true,
  INT64_ARRAY: true,
  STRING: true,
  STRING_ARRAY: true,
  BYTES: true,
  STRUCT: false,
  TIMESTAMP: true,
} satisfies Record<ValueType, boolean>;

/**
 * The value type that a sync gives a column; undefined for a type that is not served (NUMERIC, DATE, JSON, a STRUCT).
 */
export function toValueType({ type, mode }: TableColumn): ValueType | undefined {
  const column = { type: type.toUpperCase(), mode: mode ?? 'NULLABLE' };
  return VALUE_TYPES.find((valueType) => SERVED_BY_VIEWS[valueType] && isReadableAs(valueType, column));
}

/**
 * Parses `bq://project.dataset.table`. The project id of a domain contains dots (`example.com:shop`), so only the last
 * two dots separate.
 */
export function parseTableUri(uri: string): TableAddress | undefined {
  const [, project, dataset, table] = /^bq:\/\/(.+)\.([^.]+)\.([^.]+)$/.exec(uri) ?? [];
  return project && dataset && table ? { project, dataset, table } : undefined;
}
