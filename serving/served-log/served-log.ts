import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityType, Feature } from '../../datasources/registry/model.js';
import { AppError } from '../../errors/app-error.js';
import { SERVED_LOG_LIMITS } from '../../limits/served-log-limits.js';
import { changeLinesWith } from '../../runtime/has-json-string.js';
import type { LineSegments } from '../../runtime/line-segments.js';
import { SerialTasks } from '../../runtime/serial-tasks.js';
import type { Clock } from '../../values/clock.js';
import type { FeatureCell } from '../../values/feature-cell.js';
import type { Instant } from '../../values/instant.js';
import { decodeServedRead, encodeServedRead, toServedFeature, type ServedRead } from './served-read.js';

export interface ServedLogOptions {
  readonly segments: LineSegments;
  /** The share of requests that are logged, 0 to 1. */
  readonly sampleRate: number;
  /** The entities of one read that are logged, at most. */
  readonly maxRows: number;
  /** Whether the values of PERSONAL features are logged. */
  readonly hasPersonal: boolean;
  /** The keyed hash of a principal's name. */
  readonly hashPrincipal: (name: string) => string;
  readonly clock: Clock;
  /** A write or a removal of old files that failed. Reads go on. */
  readonly onError: (error: unknown) => void;
  /** From 0 to 1, evenly. Absent: Math.random. */
  readonly random?: () => number;
  readonly limits?: Partial<typeof SERVED_LOG_LIMITS>;
}

/** Takes the reads of one sampled request. */
export interface ServedReads {
  /** The moment before a read is sent to a store. */
  now(): Instant;
  /** Notes what an online store answered: cells[i][j] is feature j of entity i. Never throws. */
  note(read: NotedRead): void;
}

export interface NotedRead {
  readonly time: Instant;
  readonly entityType: EntityType;
  readonly entityIds: readonly string[];
  readonly features: readonly Feature[];
  readonly cells: readonly (readonly FeatureCell[])[];
}

/** What was logged since the start, in rows: an entity of a read is a row. */
export interface ServedLogCounts {
  written: number;
  /** The buffer was full, or the row is too large. */
  dropped: number;
  /** The disk failed. */
  failed: number;
}

export interface ServedPeriod {
  readonly entityType: EntityType;
  /** Inclusive. */
  readonly from: Instant;
  /** Exclusive. */
  readonly before: Instant;
}

interface Waiting {
  readonly time: Instant;
  readonly line: string;
  readonly bytes: number;
  readonly rows: number;
}

/**
 * The log of served values: what online reads of a sample of requests answered, for comparisons with training sets
 * (docs/served-log.md). A request never waits for it and never fails because of it: a line is put into a bounded buffer and
 * written within a second; while the disk fails, lines are lost and counted.
 */
export class ServedLog {
  readonly #options: ServedLogOptions;
  readonly #limits: typeof SERVED_LOG_LIMITS;
  readonly #random: () => number;
  readonly #counts: ServedLogCounts = { written: 0, dropped: 0, failed: 0 };
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** A disk that is full for an hour must not fill the log of the gateway too. */
  #isFailing = false;
  #flushTimer: NodeJS.Timeout | undefined;
  #sweepTimer: NodeJS.Timeout | undefined;
  /** All work on the files. */
  readonly #work = new SerialTasks();
  /** The moment of the erasure of an entity: a read that began before it may end after it. */
  readonly #erased = new Map<string, Instant>();

  constructor(options: ServedLogOptions) {
    this.#options = options;
    this.#limits = { ...SERVED_LOG_LIMITS, ...options.limits };
    this.#random = options.random ?? Math.random;
  }

  /** Begins to remove what is too old also while nothing is read. */
  start(everyMs: number): void {
    this.#sweepTimer = setInterval(() => void this.sweep(), everyMs).unref();
  }

  get counts(): Readonly<ServedLogCounts> {
    return this.#counts;
  }

  get bytes(): number {
    return this.#options.segments.bytes;
  }

  /** Decides whether the reads of a request are logged. undefined: they are not. */
  sample(principal: string): ServedReads | undefined {
    if (this.#random() >= this.#options.sampleRate) return undefined;
    let hash: string | undefined;
    return {
      now: this.#options.clock,
      note: (read) => {
        try {
          this.#note(read, (hash ??= this.#options.hashPrincipal(principal)));
        } catch (error) {
          this.#options.onError(error);
        }
      },
    };
  }

  /** The reads of a period, in about the order of their times. */
  async *read({ entityType, from, before }: ServedPeriod): AsyncGenerator<ServedRead> {
    await this.flush();
    for await (const line of this.#options.segments.lines(from, before)) {
      const read = decodeServedRead(line);
      if (read && isOf(read, entityType) && read.time >= from && read.time < before) yield read;
    }
  }

  /** Erases entities, also from reads that have not ended. Returns the number of rows that were erased. */
  async erase(entityType: EntityType, entityIds: readonly string[]): Promise<number> {
    this.#rememberErased(entityType, entityIds);
    await this.flush();
    const erased = new Set(entityIds);
    let rows = 0;
    const change = changeLinesWith(entityIds, decodeServedRead, (read, line) => {
      if (!isOf(read, entityType)) return line;
      const kept = read.rows.filter(({ entityId }) => !erased.has(entityId));
      rows += read.rows.length - kept.length;
      if (kept.length === read.rows.length) return line;
      return kept.length === 0 ? null : encodeServedRead({ ...read, rows: kept });
    });
    try {
      await this.#work.run(() => this.#options.segments.rewrite(change));
    } catch (cause) {
      this.#options.onError(cause);
      throw new AppError(
        'STORE_UNAVAILABLE',
        'The log of served values cannot be written, so it still has the entities. Send the request again.',
        { cause },
      );
    }
    return rows;
  }

  /** Writes what waits. Resolves also if the disk fails. */
  async flush(): Promise<void> {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    await this.#work.run(() => this.#write());
  }

  async sweep(): Promise<void> {
    await this.#work.run(() => this.#options.segments.sweep()).catch(this.#options.onError);
  }

  /** Writes what waits, for a bounded time. */
  async close(): Promise<void> {
    clearInterval(this.#sweepTimer);
    await Promise.race([this.flush(), sleep(this.#limits.closeMs, undefined, { ref: false })]);
    await this.#options.segments.close().catch(this.#options.onError);
  }

  #note({ time, entityType, entityIds, features, cells }: NotedRead, principal: string): void {
    const columns = [...features.keys()].filter(
      (column) => this.#options.hasPersonal || features[column]!.sensitivity !== 'PERSONAL',
    );
    if (columns.length === 0) return;
    const rows = this.#chosenRows(entityIds.length)
      .map((row) => ({ entityId: entityIds[row]!, cells: columns.map((column) => cells[row]![column]!) }))
      .filter(({ entityId }) => !this.#isErased(entityType, entityId, time));
    if (rows.length === 0) return;
    const { name, featurestore } = entityType;
    const line = `${encodeServedRead({
      time,
      principal,
      featurestore: featurestore.name,
      entityType: name,
      features: columns.map((column) => toServedFeature(features[column]!)),
      rows,
    })}\n`;
    const bytes = Buffer.byteLength(line);
    if (bytes > this.#limits.maxLineBytes || this.#waitingBytes + bytes > this.#limits.maxWaitingBytes) {
      this.#counts.dropped += rows.length;
      return;
    }
    this.#waiting.push({ time, line, bytes, rows: rows.length });
    this.#waitingBytes += bytes;
    this.#flushTimer ??= setTimeout(() => void this.flush(), this.#limits.flushMs).unref();
  }

  /** The numbers of the rows that are kept: all of them, or evenly spaced ones from a random begin. */
  #chosenRows(count: number): number[] {
    const { maxRows } = this.#options;
    if (count <= maxRows) return Array.from({ length: count }, (_, row) => row);
    const step = count / maxRows;
    const begin = this.#random() * step;
    return Array.from({ length: maxRows }, (_, row) => Math.floor(begin + row * step));
  }

  async #write(): Promise<void> {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    const rows = batch.reduce((sum, one) => sum + one.rows, 0);
    try {
      const earliest = batch.reduce((least, { time }) => (time < least ? time : least), batch[0]!.time);
      await this.#options.segments.append(batch.map(({ line }) => line).join(''), earliest);
      this.#counts.written += rows;
      this.#isFailing = false;
    } catch (error) {
      // A repetition would keep the memory of reads that go on: these rows are lost, and counted.
      if (!this.#isFailing) this.#options.onError(error);
      this.#isFailing = true;
      this.#counts.failed += rows;
    } finally {
      this.#waitingBytes -= batch.reduce((sum, one) => sum + one.bytes, 0);
    }
  }

  #rememberErased(entityType: EntityType, entityIds: readonly string[]): void {
    const now = this.#options.clock();
    for (const [key, at] of this.#erased) if (now - at > this.#limits.erasedMicros) this.#erased.delete(key);
    for (const entityId of entityIds) this.#erased.set(keyOf(entityType, entityId), now);
  }

  #isErased(entityType: EntityType, entityId: string, time: Instant): boolean {
    if (this.#erased.size === 0) return false;
    const at = this.#erased.get(keyOf(entityType, entityId));
    return at !== undefined && time <= at;
  }
}

/** Whether a read is of an entity type, which may have had another name then. */
function isOf(read: ServedRead, { name, renamedFrom, featurestore }: EntityType): boolean {
  return read.featurestore === featurestore.name && (read.entityType === name || read.entityType === renamedFrom);
}

function keyOf({ name, featurestore }: EntityType, entityId: string): string {
  return JSON.stringify([featurestore.name, name, entityId]);
}
