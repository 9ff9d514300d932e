import { createHash } from 'node:crypto';
import type { WriteKeys } from '../../datasources/online/write-keys.js';
import { badInput } from '../../errors/app-error.js';
import { toCanonicalJson } from '../../values/canonical-json.js';

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
    const known = this.keys.find(key);
    if (known && known.digest !== digest) {
      throw badInput('Another write used this idempotency key, with other rows. Use a new key.', 'idempotencyKey');
    }
    if (known?.result != null) return JSON.parse(known.result) as Result;
    // Stored first: after a crash, the key still belongs to this request. Writing its rows again changes nothing.
    await this.keys.remember(key, { digest, result: null });
    const result = await write();
    await this.keys.remember(key, { digest, result: JSON.stringify(result) });
    return result;
  }
}
