/**
 * An iterator whose `return` also ends a wait: a generator alone would handle it only after its next step. `steps` waits
 * with the signal, and ends when it aborts. `onEnd` is called when the steps end, or the reader leaves.
 */
export function leavableIterator<Item>(
  steps: (left: AbortSignal) => AsyncGenerator<Item, undefined, undefined>,
  onEnd: () => void = () => undefined,
): AsyncIterableIterator<Item, undefined> {
  const leave = new AbortController();
  const generator = steps(leave.signal);
  const iterator: AsyncIterableIterator<Item, undefined> = {
    next: async () => {
      const step = await generator.next();
      if (step.done) onEnd();
      return step;
    },
    return: async () => {
      onEnd();
      leave.abort();
      return generator.return(undefined);
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
