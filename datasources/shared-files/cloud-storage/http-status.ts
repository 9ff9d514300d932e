/**
 * The HTTP status of an error of the client of Cloud Storage; undefined if there was no answer. The client throws the
 * body of a refused resumable upload as it came: an object that is no Error.
 */
export function readHttpStatus(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const code: unknown = 'code' in error ? error.code : 'status' in error ? error.status : undefined;
  return typeof code === 'number' ? code : undefined;
}
