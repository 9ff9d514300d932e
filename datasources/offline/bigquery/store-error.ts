import { AppError } from '../../../errors/app-error.js';
import { readErrorReasons } from '../../google/bigquery/api-error.js';
import { toStoreError } from '../../google/store-error.js';

/** The API found the query itself wrong: a fault of ours, or a table that changed. Trying again would not help. */
const FAULTS_OF_THE_QUERY = ['invalidQuery', 'invalid'];

/** A role, a table or an account that is missing: somebody has to do something before the same request can succeed. */
const FAULTS_OF_THE_OPERATOR = ['accessDenied', 'notFound', 'billingNotEnabled'];

const LASTING_FAULTS = [...FAULTS_OF_THE_QUERY, ...FAULTS_OF_THE_OPERATOR];

/**
 * What a client hears of a fault of BigQuery: never its own words, which name projects, tables and columns. They are the
 * cause, for the log. What it says of the query itself, or to the operator, stays as it is, and is masked and logged as a
 * fault of the gateway, so that no client tries it again and again.
 */
export function storeError(error: unknown, maximumBytesBilled: number | null): unknown {
  const reasons = readErrorReasons(error);
  if (reasons.includes('bytesBilledLimitExceeded')) {
    return new AppError(
      'COST_OVER_LIMIT',
      'This would read more bytes than the offline store may bill for one query. Ask for fewer features or moments, or have the limit raised.',
      { maximumBytesBilled: String(maximumBytesBilled) },
      { cause: error },
    );
  }
  return toStoreError('The offline store', error, () => !reasons.some((reason) => LASTING_FAULTS.includes(reason)));
}
