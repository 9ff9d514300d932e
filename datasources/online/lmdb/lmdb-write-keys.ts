import type { Database, RootDatabase } from 'lmdb';
import { openLmdb, transact } from '../../../runtime/lmdb.js';
import type { RememberedWrite, WriteKeys } from '../write-keys.js';

/** Forgets at most this number of keys for each new one, so that no write waits long. */
const FORGOTTEN_AT_ONCE = 10;

interface StoredKey extends RememberedWrite {
  readonly order: number;
}

/** The idempotency keys of writes in an LMDB file. */
export class LmdbWriteKeys implements WriteKeys {
  readonly lookEveryMs = null;
  readonly #environment: RootDatabase;
  readonly #keys: Database<StoredKey, string>;
  /** The keys by the order in which they came. */
  readonly #order: Database<string, number>;

  constructor(
    path: string,
    private readonly maxKeys: number,
  ) {
    this.#environment = openLmdb({ path, maxDbs: 2 });
    this.#keys = this.#environment.openDB<StoredKey, string>({ name: 'keys' });
    this.#order = this.#environment.openDB<string, number>({ name: 'order' });
  }

  async find(key: string): Promise<RememberedWrite | undefined> {
    return this.#keys.get(key);
  }

  async take(key: string, digest: string): Promise<RememberedWrite | undefined> {
    const known = this.#keys.get(key);
    if (!known) await this.finish(key, { digest, result: null });
    return known;
  }

  async finish(key: string, write: RememberedWrite): Promise<void> {
    await transact(this.#environment, () => {
      const known = this.#keys.get(key);
      const [newest = 0] = [...this.#order.getKeys({ reverse: true, limit: 1 })];
      const order = known?.order ?? newest + 1;
      void this.#keys.put(key, { ...write, order });
      if (!known) void this.#order.put(order, key);
      for (const { key: old, value } of [
        ...this.#order.getRange({ end: order - this.maxKeys + 1, limit: FORGOTTEN_AT_ONCE }),
      ]) {
        void this.#order.remove(old);
        void this.#keys.remove(value);
      }
    });
    await this.#environment.flushed;
  }

  async close(): Promise<void> {
    await this.#environment.close();
  }
}
