import { stat } from 'node:fs/promises';
import { AUTH_LIMITS } from '../../limits/auth-limits.js';
import type { Clock } from '../../values/clock.js';
import { toGroups } from '../principal-name.js';
import type { Principal } from '../principal.js';
import { sessionOf, type OnRevoked, type Session } from '../session.js';
import { invalid, unauthenticated } from '../unauthenticated.js';
import { apiKeyId, hasHash, isSameKey, keyBytes } from './api-key.js';
import { readKeyFile, type ApiKeyRecord } from './key-file.js';

interface KnownKey {
  readonly record: ApiKeyRecord;
  readonly sha256: Buffer;
  readonly principal: Principal;
  /** Requests share it: it has no state of its own. */
  readonly session: Session;
  /**
   * The key itself, after it came once and was right: a hash for each request took a seventh of a small read. It is one for
   * each record, and goes with the record when the file changes.
   */
  right: Buffer | undefined;
}

export interface ApiKeysOptions {
  readonly path: string;
  readonly clock: Clock;
  /** The file cannot be read any more. The keys stay as they were. */
  readonly onError: (error: unknown) => void;
  readonly pollMs?: number;
}

/**
 * The API keys of a running gateway. It reads the file again when it changes, so that a key works, or works no longer, a
 * second after the command. It looks at the file's state instead of being told: mounted files and networks tell nothing.
 */
export class ApiKeys {
  #keys: ReadonlyMap<string, KnownKey> = new Map();
  #version: string | undefined;
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #timer: NodeJS.Timeout;
  #isReading = false;

  private constructor(private readonly options: ApiKeysOptions) {
    this.#timer = setInterval(() => void this.#poll(), options.pollMs ?? AUTH_LIMITS.keysFilePollMs).unref();
  }

  static async open(options: ApiKeysOptions): Promise<ApiKeys> {
    const keys = new ApiKeys(options);
    try {
      await keys.#read();
      return keys;
    } catch (error) {
      keys.close();
      throw error;
    }
  }

  get description(): string {
    return `API keys of ${this.options.path}`;
  }

  /** The names of the principals of keys that are valid now. */
  get principals(): readonly string[] {
    return [...this.#keys.values()]
      .filter(({ record }) => this.#isValid(record))
      .map(({ principal }) => principal.name);
  }

  verify(key: string): Session {
    const known = this.#keys.get(apiKeyId(key) ?? '');
    // The same words for an unknown id and a wrong secret.
    if (!known || !isRight(key, known)) throw invalid('The API key is not known.');
    const { revokedAt, expiresAt } = known.record;
    if (revokedAt !== null) throw invalid('The API key was revoked.');
    if (expiresAt !== null && expiresAt <= this.options.clock()) {
      throw unauthenticated('EXPIRED', 'The API key has expired. Ask the operator for a new one.');
    }
    return known.session;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #isValid({ revokedAt, expiresAt }: ApiKeyRecord): boolean {
    return revokedAt === null && (expiresAt === null || expiresAt > this.options.clock());
  }

  async #poll(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      await this.#read();
    } catch (error) {
      this.options.onError(error);
    } finally {
      this.#isReading = false;
    }
  }

  async #read(): Promise<void> {
    const version = await versionOf(this.options.path);
    if (version === this.#version) return;
    const before = this.#keys;
    // Set before reading: a file that is damaged is reported once, and a change while it is read is seen next time.
    this.#version = version;
    const records = await readKeyFile(this.options.path);
    this.#keys = new Map(records.map((record) => [record.id, this.#toKnown(record)]));
    for (const [id, { record }] of before) {
      if (isSame(record, this.#keys.get(id)?.record)) continue;
      for (const listener of [...(this.#listeners.get(id) ?? [])]) listener();
    }
  }

  #toKnown(record: ApiKeyRecord): KnownKey {
    const principal: Principal = {
      name: `key:${record.name}`,
      kind: 'API_KEY',
      groups: toGroups(record.groups),
      claims: new Map(Object.entries(record.claims)),
      expiresAt: record.expiresAt,
    };
    return {
      record,
      sha256: Buffer.from(record.sha256, 'hex'),
      principal,
      session: sessionOf(principal, this.options.clock, this.#onRevoked(record)),
      right: undefined,
    };
  }

  #onRevoked(record: ApiKeyRecord): OnRevoked {
    return (listener) => {
      const listeners = this.#listeners.get(record.id) ?? new Set();
      this.#listeners.set(record.id, listeners.add(listener));
      // A request can take long to arrive: its key can be revoked before a caller listens.
      if (!isSame(record, this.#keys.get(record.id)?.record)) {
        queueMicrotask(() => {
          if (listeners.has(listener)) listener();
        });
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#listeners.get(record.id) === listeners) this.#listeners.delete(record.id);
      };
    };
  }
}

function isRight(key: string, known: KnownKey): boolean {
  if (known.right && isSameKey(key, known.right)) return true;
  if (!hasHash(key, known.sha256)) return false;
  known.right = keyBytes(key);
  return true;
}

/** Whether a key still gives the same rights until the same time. */
function isSame(before: ApiKeyRecord, after: ApiKeyRecord | undefined): boolean {
  const text = (record: ApiKeyRecord): string =>
    JSON.stringify(record, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  return after !== undefined && text(before) === text(after);
}

async function versionOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  return found ? `${found.ino} ${found.mtimeNs} ${found.size}` : 'absent';
}
