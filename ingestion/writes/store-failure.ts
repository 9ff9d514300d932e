import { AppError } from '../../errors/app-error.js';

/** A retryable error for a store that failed in a write. A repetition is safe: rows that are there are duplicates. */
export function toStoreFailure(store: 'online' | 'offline', cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const message = `The ${store} store did not take the rows. Repeat the request: rows that it has are not doubled.`;
  return new AppError('STORE_UNAVAILABLE', message, {}, { cause });
}

/** As toStoreFailure, for a deletion. */
export function toDeletionFailure(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const message = 'A store did not delete the entities. Repeat the request: it deletes what is left.';
  return new AppError('STORE_UNAVAILABLE', message, {}, { cause });
}
