/** Keys in order, which many lists share. */
export class ListKeys<Key> {
  readonly all: readonly Key[];
  readonly #indexes: ReadonlyMap<Key, number>;

  /** Each key is different. */
  constructor(keys: Iterable<Key>) {
    this.all = [...keys];
    this.#indexes = new Map(this.all.map((key, index) => [key, index]));
  }

  indexOf(key: Key): number | undefined {
    return this.#indexes.get(key);
  }
}

/**
 * A read-only map whose keys other maps share: rows with the same columns. It is made in a tenth of the time of a Map and
 * has a fraction of its size.
 */
export class KeyedList<Key, Value> implements ReadonlyMap<Key, Value> {
  /** `list[i]` is the value of `sharedKeys.all[i]`. The list does not change afterwards. */
  constructor(
    readonly sharedKeys: ListKeys<Key>,
    readonly list: readonly Value[],
  ) {}

  get size(): number {
    return this.list.length;
  }

  get(key: Key): Value | undefined {
    const index = this.sharedKeys.indexOf(key);
    return index === undefined ? undefined : this.list[index];
  }

  has(key: Key): boolean {
    return this.sharedKeys.indexOf(key) !== undefined;
  }

  keys(): ArrayIterator<Key> {
    return this.sharedKeys.all.values();
  }

  values(): ArrayIterator<Value> {
    return this.list.values();
  }

  *entries(): MapIterator<[Key, Value]> {
    const { all } = this.sharedKeys;
    for (let index = 0; index < all.length; index += 1) yield [all[index]!, this.list[index]!];
  }

  [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.entries();
  }

  forEach(callback: (value: Value, key: Key, map: ReadonlyMap<Key, Value>) => void): void {
    for (const [index, key] of this.sharedKeys.all.entries()) callback(this.list[index]!, key, this);
  }
}
