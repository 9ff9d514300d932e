import { AppError } from '../errors/app-error.js';

/**
 * Services name an invalid field by its path in their request. This adds the path of that request in the arguments of the
 * client: a prefix, or a function of the field.
 */
export async function withFieldPath<Result>(
  path: string | ((field: string) => string),
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.details.field === undefined) throw error;
    const { field } = error.details;
    const inArguments = typeof path === 'string' ? `${path}.${field}` : path(field);
    // The new error has the cause of the old one, for the log. The old error itself is no cause.
    const details = { ...error.details, field: inArguments };
    throw new AppError(error.code, error.message, details, error.cause === undefined ? {} : { cause: error.cause });
  }
}
