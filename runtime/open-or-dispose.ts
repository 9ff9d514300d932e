/**
 * Opens several things, or none: when one cannot be opened, those on the stack are closed, the last one first. Otherwise
 * they would stay locked for the next try in this process. `await using` would throw a SuppressedError when closing fails
 * too; here the caller gets the fault to mend: why opening failed.
 */
export async function openOrDispose<Result>(open: (opened: AsyncDisposableStack) => Promise<Result>): Promise<Result> {
  const opened = new AsyncDisposableStack();
  try {
    return await open(opened);
  } catch (error) {
    await opened.disposeAsync().catch(() => undefined);
    throw error;
  }
}
