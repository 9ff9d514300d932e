import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { WriteKeys } from '../../datasources/online/write-keys.js';
import { badInput } from '../../errors/app-error.js';
import { toCanonicalJson } from '../../values/canonical-json.js';

/** A write takes less, unless its gateway ended. The client waits for 30 seconds, and the write comes after this. */
const MAX_WAIT_MS = 10_000;

/** Gives a repeated request the result of the first one. A key with another request is refused. */
export class KeyedWrites {
  readonly #running = new Map<string, Promise<unknown>>();

  constructor(private readonly keys: WriteKeys) {}

  async run<Result>(key: string, request: unknown, write: () => Promise<Result>): Promise<Result> {
    // A repetition waits for the first request: both could write otherwise.
    while (this.#running.has(key)) await this.#running.get(key)!.catch(() => undefined);
    const running = this.#run(key, createHash('sha256').update(toCanonicalJson(request)).digest('base64url'), write);
    this.#running.set(key, running);
    try {
      return await running;
    } finally {
      this.#running.delete(key);
    }
  }

  async #run<Result>(key: string, digest: string, write: () => Promise<Result>): Promise<Result> {
    // Stored first: after a crash, the key still belongs to this request. Writing its rows again changes no value.
    const known = await this.keys.take(key, digest);
    if (known && known.digest !== digest) {
      throw badInput('Another write used this idempotency key, with other rows. Use a new key.', 'idempotencyKey');
    }
    const earlier = known?.result ?? (known ? await this.#awaitOther(key) : null);
    if (earlier !== null) return JSON.parse(earlier) as Result;
    const result = await write();
    await this.keys.finish(key, { digest, result: JSON.stringify(result) });
    return result;
  }

  /** The result of a write that another gateway is doing; null if it does not come, because that gateway ended. */
  async #awaitOther(key: string): Promise<string | null> {
    const { lookEveryMs } = this.keys;
    if (lookEveryMs === null) return null;
    for (const end = performance.now() + MAX_WAIT_MS; performance.now() < end;) {
      await pause(lookEveryMs);
      const result = (await this.keys.find(key))?.result ?? null;
      if (result !== null) return result;
    }
    return null;
  }
}
