/**
 * A queue that serves owners in turn: the items of one owner keep their order, and an owner with many items does not
 * delay the next item of another. Each operation takes constant time.
 */
export class FairQueue<Item> {
  readonly #byOwner = new Map<string, Item[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  sizeOf(owner: string): number {
    return this.#byOwner.get(owner)?.length ?? 0;
  }

  push(owner: string, item: Item): void {
    const items = this.#byOwner.get(owner);
    if (items) items.push(item);
    else this.#byOwner.set(owner, [item]);
    this.#size += 1;
  }

  peek(): Item | undefined {
    for (const [, items] of this.#byOwner) return items[0];
    return undefined;
  }

  shift(): Item | undefined {
    for (const [owner, items] of this.#byOwner) {
      const item = items.shift();
      this.#size -= 1;
      // The owner goes to the end of the line.
      this.#byOwner.delete(owner);
      if (items.length > 0) this.#byOwner.set(owner, items);
      return item;
    }
    return undefined;
  }

  /** Removes an item that no longer waits. Returns whether it was there. */
  remove(owner: string, item: Item): boolean {
    const items = this.#byOwner.get(owner);
    const index = items?.indexOf(item) ?? -1;
    if (!items || index < 0) return false;
    items.splice(index, 1);
    if (items.length === 0) this.#byOwner.delete(owner);
    this.#size -= 1;
    return true;
  }
}
