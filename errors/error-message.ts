/** The message of an error. JavaScript can throw any value, so a caught value need not be an Error. */
export function toErrorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
