/**
 * Opens several resources, or none: if one cannot be opened, this closes those on the stack, the last one first.
 * Otherwise they would stay locked for the next attempt in this process. `await using` would throw a SuppressedError
 * when closing fails too. This function throws the error that the caller needs: why opening failed.
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
