/** The port of the memory of idempotency keys of writes. */
export interface WriteKeys {
  find(key: string): RememberedWrite | undefined;
  /** Durable when it returns. Forgets the oldest keys when there are too many. */
  remember(key: string, write: RememberedWrite): Promise<void>;
  close(): Promise<void>;
}

export interface RememberedWrite {
  /** A digest of the request. */
  readonly digest: string;
  /** The result as JSON; null for a write that has not ended, or whose process ended before it. */
  readonly result: string | null;
}
