import { createHash } from 'node:crypto';
import { callStore } from '../../google/bigtable/open-rows.js';
import { AppError } from '../../../errors/app-error.js';
import type { Columns, VersionedRows } from '../../google/bigtable/versioned-rows.js';
import type { RememberedWrite, WriteKeys } from '../write-keys.js';
import type { Clock } from '../../../values/clock.js';

const DIGEST = 'digest';
const RESULT = 'result';
const COUNT = 'count';
const PREFIX = 'write/';

const MICROS_PER_DAY = 86_400_000_000n;
/** Removes this number of expired keys at every so many new ones: more than come, and no write waits long. */
const NEW_KEYS_PER_REMOVAL = 10;
const KEYS_PER_REMOVAL = 20;

/** New keys of a gateway that are counted in one write of the count. */
const KEYS_PER_COUNT = 1_000;

export interface BigtableWriteKeysOptions {
  readonly rows: VersionedRows;
  readonly clock: Clock;
  /** New keys on one day of all gateways together. Each gateway may exceed it by `keysPerCount`. */
  readonly maxKeysPerDay: number;
  readonly keysPerCount?: number;
  readonly close: () => Promise<void>;
}

/**
 * The idempotency keys of writes in Bigtable, for all gateways: `write/DAY/HASH`, with the UTC day on which the key came.
 * A key is known on its day and on the next one. Taking a key is one conditional write. At midnight, gateways whose clocks
 * differ could both take one. `write/DAY/count` has the number of keys of a day, and is removed with them.
 */
export class BigtableWriteKeys implements WriteKeys {
  readonly lookEveryMs = 100;
  #taken = 0;
  /** The keys of a day: those of all gateways that are counted, and those of this one that are not yet. */
  #counted: { readonly day: bigint; known: number; own: number } | undefined;

  constructor(private readonly options: BigtableWriteKeysOptions) {}

  async find(key: string): Promise<RememberedWrite | undefined> {
    return call(async () => (await this.#locate(key)).write);
  }

  async take(key: string, digest: string): Promise<RememberedWrite | undefined> {
    return call(async () => {
      const { row, write } = await this.#locate(key);
      if (write) return write;
      const count = await this.#requireRoom();
      if ((this.#taken += 1) % NEW_KEYS_PER_REMOVAL === 0) await this.#removeExpired();
      const earlier = await this.options.rows.change(row, (columns) => {
        const known = toWrite(columns);
        return known ? { result: known } : { set: { [DIGEST]: digest }, result: undefined };
      });
      if (!earlier) await count();
      return earlier;
    });
  }

  async finish(key: string, { digest, result }: RememberedWrite): Promise<void> {
    await call(async () => {
      const { row } = await this.#locate(key);
      await this.options.rows.put(row, { [DIGEST]: digest, ...(result === null ? {} : { [RESULT]: result }) });
    });
  }

  async close(): Promise<void> {
    await this.options.close();
  }

  /** The row of a key that is known, or the one in which it would be stored. */
  async #locate(key: string): Promise<{ readonly row: string; readonly write: RememberedWrite | undefined }> {
    const hash = createHash('sha256').update(key).digest('base64url');
    const today = this.options.clock() / MICROS_PER_DAY;
    const [row, earlier] = [toRow(today, hash), toRow(today - 1n, hash)];
    const found = await this.options.rows.readAll([row, earlier]);
    const known = [row, earlier].find((name) => toWrite(found.get(name)) !== undefined);
    return { row: known ?? row, write: known === undefined ? undefined : toWrite(found.get(known)) };
  }

  /** Throws OVERLOADED if the day has no room for new keys. The result counts one. */
  async #requireRoom(): Promise<() => Promise<void>> {
    const { rows, clock, maxKeysPerDay, keysPerCount = KEYS_PER_COUNT } = this.options;
    const day = clock() / MICROS_PER_DAY;
    const row = toRow(day, COUNT);
    if (this.#counted?.day !== day) {
      this.#counted = { day, known: readCount(await rows.read(row)), own: 0 };
    }
    const counted = this.#counted;
    if (counted.known + counted.own >= maxKeysPerDay) {
      throw new AppError(
        'OVERLOADED',
        `All gateways together remember ${maxKeysPerDay} idempotency keys of writes a day (UTC), and those of today are used. ` +
          'Write without a key, or try again the next day.',
      );
    }
    return async () => {
      counted.own += 1;
      if (counted.own < keysPerCount) return;
      const added = counted.own;
      counted.own = 0;
      counted.known = await rows.change(row, (columns) => {
        const count = readCount(columns) + added;
        return { set: { [COUNT]: String(count) }, result: count };
      });
    };
  }

  async #removeExpired(): Promise<void> {
    const before = toRow(this.options.clock() / MICROS_PER_DAY - 1n, '');
    const { rows } = this.options;
    const expired = await rows.scan({ prefix: PREFIX, before, limit: KEYS_PER_REMOVAL });
    await Promise.all(expired.map(([row]) => rows.remove(row)));
  }
}

/** Days are counted from 1970 with six digits, so that rows are in their order. */
function toRow(day: bigint, hash: string): string {
  return `${PREFIX}${String(day).padStart(6, '0')}/${hash}`;
}

function readCount(columns: Columns): number {
  return Number(columns.get(COUNT) ?? 0);
}

function toWrite(columns: Columns | undefined): RememberedWrite | undefined {
  const digest = columns?.get(DIGEST);
  return digest === undefined ? undefined : { digest, result: columns?.get(RESULT) ?? null };
}

function call<Result>(run: () => Promise<Result>): Promise<Result> {
  return callStore('The store of idempotency keys', run);
}
