import { AppError } from '../../../errors/app-error.js';
import { isLasting, readErrorReasons } from '../../google/bigquery/api-error.js';
import { toStoreError } from '../../google/store-error.js';

/**
 * The client's message for a fault of BigQuery. It never repeats BigQuery's own message, which names projects, tables
 * and columns; that is the cause, for the log. Errors about the query itself and messages for the operator stay
 * unchanged. They are masked and logged as internal errors, so that no client retries them.
 */
export function storeError(error: unknown, maximumBytesBilled: number | null): unknown {
  if (readErrorReasons(error).includes('bytesBilledLimitExceeded')) {
    return new AppError(
      'COST_OVER_LIMIT',
      'This would read more bytes than the offline store may bill for one query. Ask for fewer features or moments, or have the limit raised.',
      { maximumBytesBilled: String(maximumBytesBilled) },
      { cause: error },
    );
  }
  return toStoreError('The offline store', error, () => !isLasting(error));
}
