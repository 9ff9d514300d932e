import type { EntityType } from '../../datasources/registry/model.js';
import { AppError } from '../../errors/app-error.js';
import { QUARANTINE_LIMITS } from '../../limits/quarantine-limits.js';
import { changeLinesWith } from '../../runtime/has-json-string.js';
import { SharedSegments } from '../../runtime/shared-segments.js';
import { SerialTasks } from '../../runtime/serial-tasks.js';
import type { Clock } from '../../values/clock.js';
import type { ViolatedRow } from '../expectations/find-violations.js';
import type { WriteRequest } from '../feature-writer.js';
import { encodeQuarantined, readQuarantinedEntity, renameQuarantined } from './quarantine-line.js';

const MICROS_PER_DAY = 86_400_000_000n;

export interface QuarantineOptions {
  readonly folder: string;
  readonly clock: Clock;
  /** A failure of the disk, for the log. */
  readonly onError: (error: unknown) => void;
  /** Replaces the limits of the same names. For tests. */
  readonly limits?: { readonly maxBytes?: number; readonly segmentBytes?: number };
}

/**
 * The rows that were not written because the registry says so of their violations: lines of JSON in files of the data
 * folder, for a person who repairs them. Nothing serves them. What is too old or too much is removed, the oldest of the greatest
 * share first.
 */
export class Quarantine {
  readonly #work = new SerialTasks();
  readonly #sweepTimer: NodeJS.Timeout;

  private constructor(
    private readonly options: QuarantineOptions,
    private readonly segments: SharedSegments,
  ) {
    this.#sweepTimer = setInterval(() => void this.sweep(), QUARANTINE_LIMITS.sweepMs).unref();
  }

  static async open(options: QuarantineOptions): Promise<Quarantine> {
    const { retentionDays, segmentDays, shares: count } = QUARANTINE_LIMITS;
    const { maxBytes, segmentBytes } = { ...QUARANTINE_LIMITS, ...options.limits };
    const settings = {
      count,
      name: 'quarantine',
      isSynced: true,
      lateness: 0n,
      maxBytes,
      segmentBytes,
      retention: BigInt(retentionDays) * MICROS_PER_DAY,
      segmentAge: BigInt(segmentDays) * MICROS_PER_DAY,
    };
    const segments = await SharedSegments.open(options.folder, settings, options.clock);
    const quarantine = new Quarantine(options, segments);
    await quarantine.sweep();
    return quarantine;
  }

  /** The size of its files. */
  get bytes(): number {
    return this.segments.bytes;
  }

  /** Returns when the rows are on disk. Rejects with STORE_UNAVAILABLE when the disk fails: none of them is kept then. */
  async add({ entityType, rows, sender = '' }: WriteRequest, violated: readonly ViolatedRow[]): Promise<void> {
    const now = this.options.clock();
    const lines = violated.map(({ row, violations }) => encodeQuarantined(entityType, rows[row]!, violations, now));
    const share = JSON.stringify([entityType.featurestore.name, entityType.name, sender]);
    await this.#try(
      () => this.segments.append(share, lines.join(''), now),
      'The quarantine cannot be written. Send the request again: a row that was written is a duplicate then.',
    );
  }

  /** Erases entities. Returns the number of rows that were erased. */
  async erase(entityType: EntityType, entityIds: readonly string[]): Promise<number> {
    const { name, renamedFrom, featurestore } = entityType;
    const erased = new Set(entityIds);
    let rows = 0;
    const change = changeLinesWith(entityIds, readQuarantinedEntity, (entity, line) => {
      const isOf = entity.entityType === name || entity.entityType === renamedFrom;
      if (entity.featurestore !== featurestore.name || !isOf || !erased.has(entity.entityId)) return line;
      rows += 1;
      return null;
    });
    await this.#try(
      () => this.segments.rewrite(change),
      'The quarantine cannot be written, so it still has the entities. Send the request again.',
    );
    return rows;
  }

  /**
   * Gives rows of entity types that had other names their present ones. An erasure knows the last name only, and only while
   * the registry has it.
   */
  async rename(entityTypes: readonly EntityType[]): Promise<void> {
    const renamed = entityTypes.filter(({ renamedFrom }) => renamedFrom !== null);
    if (renamed.length === 0) return;
    await this.#try(
      () => this.segments.rewrite((line) => renamed.reduce(renameQuarantined, line)),
      'The quarantine cannot be written, so its rows have the old names of entity types.',
    );
  }

  /** Removes what is too old. */
  async sweep(): Promise<void> {
    await this.#work.run(() => this.segments.sweep()).catch(this.options.onError);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweepTimer);
    await this.#work.run(() => this.segments.close()).catch(this.options.onError);
  }

  async #try(change: () => Promise<void>, message: string): Promise<void> {
    try {
      await this.#work.run(change);
    } catch (cause) {
      this.options.onError(cause);
      throw new AppError('STORE_UNAVAILABLE', message, { cause });
    }
  }
}
