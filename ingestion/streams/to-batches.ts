export interface BatchLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
  /** Milliseconds that the first item of a batch waits for others. */
  readonly lingerMs: number;
}

/**
 * Collects items into batches. It asks for the next item only when the last batch is taken, apart from one item that it
 * may have asked for, so a slow reader slows the source down. A failure of the source comes after its last items.
 */
export async function* toBatches<Item>(
  source: AsyncIterable<Item>,
  sizeOf: (item: Item) => number,
  { maxItems, maxBytes, lingerMs }: BatchLimits,
): AsyncGenerator<Item[], void> {
  const items = source[Symbol.asyncIterator]();
  let waiting: Promise<IteratorResult<Item>> | undefined;
  for (;;) {
    const first = await (waiting ?? items.next());
    waiting = undefined;
    if (first.done) return;
    const batch = [first.value];
    let bytes = sizeOf(first.value);
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), lingerMs);
    while (batch.length < maxItems && bytes < maxBytes) {
      waiting ??= items.next();
      // A failure is thrown by the next batch, after this one.
      waiting.catch(() => undefined);
      const next = await Promise.race([waiting, late]).catch(() => undefined);
      if (next === undefined || next.done) break;
      waiting = undefined;
      batch.push(next.value);
      bytes += sizeOf(next.value);
    }
    clearTimeout(timer);
    yield batch;
  }
}
