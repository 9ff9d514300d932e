/** Something with an offset of a partition. */
export interface Delivery {
  readonly partition: string;
  readonly offset: bigint;
}

interface Pending<Item> {
  readonly item: Item;
  isDone: boolean;
}

/**
 * Finds what Kafka may commit: an offset commits all before it, so it may only be committed when every message up to it
 * is done, whatever the order in which they are.
 */
export class CommittedOffsets<Item extends Delivery> {
  readonly #pending = new Map<string, Map<bigint, Pending<Item>>>();
  readonly #newest = new Map<string, bigint>();

  /** Adds a delivered message. An offset that comes again, after a rebalance, starts its partition anew. */
  deliver(item: Item): void {
    const newest = this.#newest.get(item.partition);
    let ofPartition = this.#pending.get(item.partition);
    if (!ofPartition || (newest !== undefined && item.offset <= newest)) {
      this.#pending.set(item.partition, (ofPartition = new Map<bigint, Pending<Item>>()));
    }
    this.#newest.set(item.partition, item.offset);
    ofPartition.set(item.offset, { item, isDone: false });
  }

  /** The newest message to commit because this one is done; undefined while an earlier one is not. */
  finish(item: Item): Item | undefined {
    const ofPartition = this.#pending.get(item.partition);
    const entry = ofPartition?.get(item.offset);
    // Another delivery of the same message is pending: this one belongs to a partition that was taken away.
    if (!ofPartition || entry?.item !== item) return undefined;
    entry.isDone = true;
    let last: Item | undefined;
    for (const [offset, { item: first, isDone }] of ofPartition) {
      if (!isDone) break;
      last = first;
      ofPartition.delete(offset);
    }
    return last;
  }
}
