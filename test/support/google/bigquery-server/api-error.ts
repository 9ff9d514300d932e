/** An error as BigQuery's REST answers it: the reason is what clients retry by, the message is what people read. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }

  get body(): object {
    return { error: { code: this.status, message: this.message, errors: [this.proto], status: this.reason } };
  }

  get proto(): { reason: string; message: string } {
    return { reason: this.reason, message: this.message };
  }
}

export const invalid = (message: string) => new ApiError(400, 'invalid', message);
export const invalidQuery = (message: string) => new ApiError(400, 'invalidQuery', message);
export const notFound = (message: string) => new ApiError(404, 'notFound', message);

/** Refuses fields the API does not know, as its JSON parser does: a misspelt option is an error and not ignored. */
export function checkFields(value: unknown, known: readonly string[], at: string): Record<string, any> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${at} is not an object`);
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) {
      throw invalid(`Invalid JSON payload received. Unknown name "${name}" at '${at}': Cannot find field.`);
    }
  }
  return value;
}

export function required<T>(value: T | undefined | null, name: string): T {
  if (value === undefined || value === null || value === '') throw invalid(`Required parameter is missing: ${name}`);
  return value;
}
