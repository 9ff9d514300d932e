import { AppError } from '../../../errors/app-error.js';
import { isUnreachable } from '../../google/bigtable/client.js';
import { toStartError } from '../../google/bigtable/error-advice.js';
import { GRPC_STATUS, readGrpcCode } from '../../google/grpc-status.js';
import { toStoreError } from '../../google/store-error.js';
import type { BigtableSettings } from '../../registry/model.js';
import { createTable } from './table-commands.js';

const STORE = 'The online store';

/** What only the operator can change: a resource that is missing, or an account that may not use it. */
const OPERATOR_CODES: readonly number[] = [
  GRPC_STATUS.NOT_FOUND,
  GRPC_STATUS.PERMISSION_DENIED,
  GRPC_STATUS.UNAUTHENTICATED,
];

/** The error that ends a start, with the name of the store in the registry. */
export function toOnlineStartError(settings: BigtableSettings, error: unknown): unknown {
  return toStartError(`${STORE} BIGTABLE`, settings, error, createTable(settings));
}

/**
 * The error of a failed read or write while the gateway serves. A table that is missing, or closed to the gateway,
 * serves nothing, so clients get STORE_UNAVAILABLE; the log has the reason and the command that cures it.
 */
export function toServingError(settings: BigtableSettings, error: unknown): unknown {
  const code = readGrpcCode(error);
  if (code === undefined || !OPERATOR_CODES.includes(code)) return toStoreError(STORE, error, isUnreachable);
  const cause = toOnlineStartError(settings, error);
  return new AppError('STORE_UNAVAILABLE', `${STORE} cannot be used. The log of the gateway says why.`, {}, { cause });
}
