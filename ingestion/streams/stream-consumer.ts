import type { FeatureStream } from '../../datasources/registry/model.js';
import type { DeadLetterReason, MessageStream, StreamMessage } from '../../datasources/streams/message-stream.js';
import { AppError } from '../../errors/app-error.js';
import { ERROR_CODES } from '../../errors/error-codes.js';
import { MESSAGE_LIMITS, type MessageLimits } from '../../limits/stream-ingest-limits.js';
import { pause } from '../../runtime/pause.js';
import { withTimeout } from '../../runtime/with-timeout.js';
import type { Clock } from '../../values/clock.js';
import type { FeatureWriter, IncomingRow } from '../feature-writer.js';
import { refusalOfError, refusalOfFault } from '../rows/row-fault.js';
import type { MapMessage } from './map-message.js';
import type { StreamError, StreamState, StreamStatus, WatchedStream } from './stream-status.js';
import { toBatches } from './to-batches.js';

export interface StreamConsumerOptions {
  readonly stream: FeatureStream;
  /** Connects to the broker: again after each failure. */
  readonly open: () => Promise<MessageStream>;
  readonly map: MapMessage;
  readonly writer: FeatureWriter;
  readonly clock: Clock;
  /** Receives every failure that is not the fault of a message, for the log. */
  readonly onError: (error: unknown) => void;
  readonly limits?: Partial<MessageLimits>;
}

/**
 * Writes the messages of a stream. A message is acknowledged after its row is durable, or after the dead-letter topic
 * has it. While a store fails, its messages wait: they are never refused for that. Whatever ends this process, a message
 * without an acknowledgement is delivered again, and its row is then a duplicate, which changes nothing.
 */
export class StreamConsumer implements WatchedStream {
  readonly stream: FeatureStream;
  readonly #limits: MessageLimits;
  readonly #stopping = new AbortController();
  readonly #counts = { received: 0, written: 0, duplicates: 0, quarantined: 0, deadLettered: 0 };
  readonly #waiting = new Set<StreamMessage>();
  readonly #writing = new Set<Promise<void>>();
  #state: StreamState = 'STARTING';
  #lastError: StreamError | null = null;
  #source: MessageStream | undefined;
  #running: Promise<void> | undefined;

  constructor(private readonly options: StreamConsumerOptions) {
    this.stream = options.stream;
    this.#limits = { ...MESSAGE_LIMITS, ...options.limits };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  get status(): StreamStatus {
    let oldest: bigint | null = null;
    for (const { publishTime } of this.#waiting) {
      if (oldest === null || publishTime < oldest) oldest = publishTime;
    }
    return { state: this.#state, counts: { ...this.#counts }, lastError: this.#lastError, oldestWaiting: oldest };
  }

  async lag(): Promise<bigint | null> {
    return (await this.#source?.lag().catch(() => null)) ?? null;
  }

  /** Takes no further messages, waits a while for the writes that run, and leaves the broker. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await withTimeout(this.#limits.drainMs, Promise.all(this.#writing));
    await this.#source?.close();
    if (this.#running) await withTimeout(this.#limits.drainMs, this.#running);
    this.#state = 'STOPPED';
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !this.#isStopping(); failures += 1) {
      try {
        this.#source = await this.options.open();
        await this.#consume(this.#source, () => (failures = 0));
        if (!this.#isStopping()) throw new AppError('STORE_UNAVAILABLE', 'The broker ended the stream.');
      } catch (error) {
        if (!this.#isStopping()) this.#fail(error);
      }
      await this.#source?.close().catch((error: unknown) => this.options.onError(error));
      await Promise.all(this.#writing);
      this.#waiting.clear();
      if (!this.#isStopping()) await pause(this.#retryMs(failures), signal);
    }
  }

  async #consume(source: MessageStream, onProgress: () => void): Promise<void> {
    const { maxBatchMessages, maxBatchBytes, lingerMs, maxConcurrentWrites } = this.#limits;
    const concurrency = this.stream.ordered ? 1 : maxConcurrentWrites;
    const failed = new AbortController();
    const batches = toBatches(source.messages(), ({ data }) => data.length, {
      maxItems: maxBatchMessages,
      maxBytes: maxBatchBytes,
      lingerMs,
    });
    this.#state = 'RUNNING';
    for await (const batch of batches) {
      if (this.#stopping.signal.aborted || failed.signal.aborted) break;
      const writing = this.#process(source, batch)
        .then(onProgress, (error: unknown) => failed.abort(error))
        .finally(() => this.#writing.delete(writing));
      this.#writing.add(writing);
      while (this.#writing.size >= concurrency) await Promise.race(this.#writing);
    }
    await Promise.all(this.#writing);
    if (failed.signal.aborted) throw failed.signal.reason as Error;
  }

  async #process(source: MessageStream, batch: readonly StreamMessage[]): Promise<void> {
    for (const message of batch) this.#waiting.add(message);
    this.#counts.received += batch.length;
    const rows: IncomingRow[] = [];
    const messages: StreamMessage[] = [];
    const poison: (readonly [StreamMessage, DeadLetterReason])[] = [];
    for (const message of batch) {
      const row = this.#read(message);
      if (row instanceof AppError) poison.push([message, refusalOfError(row)]);
      else {
        rows.push(row);
        messages.push(message);
      }
    }
    if (rows.length > 0) {
      const faults = await this.#write(rows);
      for (const { row, reason } of faults) poison.push([messages[row]!, reason]);
    }
    for (const [message, reason] of poison) {
      await this.#retry(() => source.deadLetter(message, reason));
      this.#counts.deadLettered += 1;
    }
    await source.acknowledge(batch);
    for (const message of batch) this.#waiting.delete(message);
  }

  #read(message: StreamMessage): IncomingRow | AppError {
    try {
      return this.options.map(message);
    } catch (error) {
      if (error instanceof AppError) return error;
      // A fault of the gateway for this content alone: it must not hold up the stream for ever.
      this.options.onError(error);
      return new AppError('INTERNAL_SERVER_ERROR', 'The gateway failed to read this message.');
    }
  }

  /** Rows that a store could not take now are written again; only lasting faults are returned. */
  async #write(rows: readonly IncomingRow[]): Promise<{ row: number; reason: DeadLetterReason }[]> {
    // Those that are not in the quarantine yet: it would have a row once for each attempt.
    let left = rows.map((row, index) => ({ row, index }));
    return this.#retry(async () => {
      const { entityType } = this.stream;
      const written = left;
      // A write that has begun is ended also when the stream stops.
      const outcome = await this.options.writer.write({ entityType, rows: written.map(({ row }) => row) });
      this.#counts.quarantined += outcome.quarantined.length;
      const kept = new Set(outcome.quarantined.map(({ row }) => row));
      left = written.filter((_, row) => !kept.has(row));
      const passing = outcome.faults.find(({ code }) => ERROR_CODES[code].retryable);
      if (passing) throw new AppError(passing.code, passing.message);
      this.#counts.written += outcome.written;
      this.#counts.duplicates += outcome.duplicates;
      return outcome.faults.map((fault) => ({ row: written[fault.row]!.index, reason: refusalOfFault(fault) }));
    });
  }

  /** Tries until it succeeds or the stream stops: what fails here says nothing about the messages. */
  async #retry<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const { signal } = this.#stopping;
    for (let failures = 0; ; failures += 1) {
      try {
        const result = await attempt();
        if (failures > 0) this.#state = 'RUNNING';
        return result;
      } catch (error) {
        if (this.#isStopping()) throw error;
        this.#fail(error);
        await pause(this.#retryMs(failures), signal);
        if (this.#isStopping()) throw error;
      }
    }
  }

  /** The pause doubles; its random half keeps many streams from trying at the same moment. */
  #retryMs(failures: number): number {
    const { firstRetryMs, lastRetryMs } = this.#limits;
    return Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(failures, 20)) * (0.5 + Math.random() / 2);
  }

  #fail(error: unknown): void {
    this.#state = 'RETRYING';
    const known = error instanceof AppError ? error : undefined;
    this.#lastError = {
      code: known?.code ?? 'INTERNAL_SERVER_ERROR',
      message: known?.message ?? 'The broker or a store failed. The log of the gateway has the cause.',
      time: this.options.clock(),
    };
    this.options.onError(error);
  }
}
