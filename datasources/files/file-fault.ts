import { AppError } from '../../errors/app-error.js';

/**
 * A fault of a file that a user named. Its message says the file, the line and the value, and nothing of this machine; who
 * asked for the file says to whom it is told: a client with the field of the request (toAppError), or an operator.
 */
export class FileFault extends Error {
  override readonly name = 'FileFault';

  constructor(
    /** As the user names it. */
    readonly file: string,
    /** From 1; null: the file as a whole. */
    readonly line: number | null,
    /** What is wrong there: a sentence without its end, in small letters. */
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(`"${file}"${line === null ? '' : `, line ${line}`}: ${problem}.`, options);
  }
}

/** What a client is told of a fault of a file: `field` is the argument that named it. */
export function toAppError(error: unknown, field: string): unknown {
  if (!(error instanceof FileFault)) return error;
  return new AppError('BAD_USER_INPUT', error.message, { field }, { cause: error });
}
