export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Responses that say that the same request may succeed later, beside 500 and above. */
const RETRYABLE = new Set([408, 425, 429]);

/** Sends one POST with a JSON body, follows no redirect, and returns the status. Throws an Error when no server answered. */
export async function postJson(
  url: string,
  body: string,
  { headers, deadlineMs, signal }: PostOptions,
): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    // Another server is not the one that the operator named.
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
  }).catch((cause: unknown) => {
    // p-retry does not repeat a TypeError that it does not know as one of the network.
    throw new Error('the server did not answer', { cause });
  });
  await response.body?.cancel();
  return response.status;
}

export function isRetryableStatus(status: number): boolean {
  return status >= 500 || RETRYABLE.has(status);
}
