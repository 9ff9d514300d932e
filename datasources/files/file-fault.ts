import { AppError } from '../../errors/app-error.js';

/**
 * A fault of a file that a user named. Its message contains the file, the line and the value, but nothing about this
 * machine. The caller decides who sees it: a client, with the field of the request (toAppError), or an operator.
 */
export class FileFault extends Error {
  override readonly name = 'FileFault';

  constructor(
    /** The file's name in the user's notation. */
    readonly file: string,
    /** Counted from 1; null: the whole file. */
    readonly line: number | null,
    /** The fault at this place: a sentence in lower case, without its full stop. */
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(`"${file}"${line === null ? '' : `, line ${line}`}: ${problem}.`, options);
  }
}

/** Converts a fault of a file to an error for clients. `field` is the argument that named the file. */
export function toAppError(error: unknown, field: string): unknown {
  if (!(error instanceof FileFault)) return error;
  return new AppError('BAD_USER_INPUT', error.message, { field }, { cause: error });
}
