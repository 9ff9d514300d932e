import { AppError } from '../../errors/app-error.js';
import { isTransient } from './grpc-status.js';

/**
 * The error of a failed store call for its caller. A transient failure becomes STORE_UNAVAILABLE, without the service's
 * message, which names projects and tables. Only the operator can resolve any other failure (a permission, a name, a
 * quota of the wrong project): it passes unchanged, is masked for clients, and is logged with its cause.
 *
 * @param store The store's name for clients: `The online store`.
 * @param mayPass Which failures are transient.
 */
export function toStoreError(store: string, error: unknown, mayPass = isTransient): unknown {
  if (error instanceof AppError || !mayPass(error)) return error;
  return new AppError('STORE_UNAVAILABLE', `${store} did not answer. Try again.`, {}, { cause: error });
}
