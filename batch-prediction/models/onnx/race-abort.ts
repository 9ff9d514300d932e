/** Settles as the work does, or rejects with the signal's reason as soon as that is aborted; the work itself goes on. */
export async function raceAbort<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Work that nobody waits for any more may still fail.
    work.catch(() => undefined);
  }
}
