import { AppError } from '../errors/app-error.js';

/**
 * Services name the field at fault as their request has it. This gives its path in the arguments of the client. `path` is
 * where the request stands in the arguments, or says it for each field.
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
    // The cause of a refusal is what the log needs; the refusal itself is no cause.
    const details = { ...error.details, field: inArguments };
    throw new AppError(error.code, error.message, details, error.cause === undefined ? {} : { cause: error.cause });
  }
}
