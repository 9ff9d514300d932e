/** The port of the memory of idempotency keys of writes. */
export interface WriteKeys {
  find(key: string): Promise<RememberedWrite | undefined>;
  /**
   * Stores a key with the digest of its request, without a result. If the key is there, it changes nothing and returns
   * what is there. Durable when it returns. Forgets the oldest keys.
   */
  take(key: string, digest: string): Promise<RememberedWrite | undefined>;
  /** Stores the result of a key that was taken. Durable when it returns. */
  finish(key: string, write: RememberedWrite): Promise<void>;
  /** How often to look for the result of a write that another process may be doing; null: there is no other process. */
  readonly lookEveryMs: number | null;
  close(): Promise<void>;
}

export interface RememberedWrite {
  /** A digest of the request. */
  readonly digest: string;
  /** The result as JSON; null for a write that has not ended, or whose process ended before it. */
  readonly result: string | null;
}
