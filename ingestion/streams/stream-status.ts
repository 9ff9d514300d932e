import type { ErrorCode } from '../../errors/error-codes.js';
import type { FeatureStream } from '../../datasources/registry/model.js';
import type { Instant } from '../../values/instant.js';

/** STARTING: it connects. RETRYING: a store or the broker fails, and messages wait. */
export const STREAM_STATES = ['STARTING', 'RUNNING', 'RETRYING', 'STOPPED'] as const;
export type StreamState = (typeof STREAM_STATES)[number];

export interface StreamStatus {
  readonly state: StreamState;
  /** Since the start of this process. */
  readonly counts: StreamCounts;
  readonly lastError: StreamError | null;
  /** The publish time of the oldest message that this process has and has not acknowledged; null for none. */
  readonly oldestWaiting: Instant | null;
}

export interface StreamCounts {
  readonly received: number;
  readonly written: number;
  readonly duplicates: number;
  readonly quarantined: number;
  readonly deadLettered: number;
}

export interface StreamError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly time: Instant;
}

/** A running stream, for those who watch it. */
export interface WatchedStream {
  readonly stream: FeatureStream;
  readonly status: StreamStatus;
  /** The number of messages that wait at the broker; null when the broker does not tell, or does not answer. */
  lag(): Promise<bigint | null>;
}
