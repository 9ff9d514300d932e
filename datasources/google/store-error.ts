import { AppError } from '../../errors/app-error.js';
import { isTransient } from './grpc-status.js';

/**
 * What a caller of a store is told of a call that failed. What may pass is STORE_UNAVAILABLE, without the words of the
 * service, which name projects and tables. Anything else (a permission, a name, a quota of the wrong project) is the
 * operator's to mend: it goes on as it is, is masked for clients, and logged with its cause.
 *
 * @param store as a client knows it: `The online store`.
 * @param mayPass which failures are over when the call is tried again later.
 */
export function toStoreError(store: string, error: unknown, mayPass = isTransient): unknown {
  if (error instanceof AppError || !mayPass(error)) return error;
  return new AppError('STORE_UNAVAILABLE', `${store} did not answer. Try again.`, {}, { cause: error });
}
