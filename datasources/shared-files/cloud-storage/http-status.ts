/** The HTTP status of an error of the client of Cloud Storage; undefined if there was no answer. */
export function readHttpStatus(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = 'code' in error ? error.code : 'status' in error ? error.status : undefined;
  return typeof code === 'number' ? code : undefined;
}
