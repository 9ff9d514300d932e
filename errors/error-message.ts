/** What an error says. Anything may be thrown, so that a caught value need not be an Error. */
export function toErrorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
