import type { OnlineStore, OnlineWrite } from '../../datasources/online/online-store.js';
import type { OfflineStore } from '../../datasources/offline/offline-store.js';
import type { EntityType, Feature, FeatureSource, Featurestore } from '../../datasources/registry/model.js';
import { AppError } from '../../errors/app-error.js';
import { WRITE_LIMITS } from '../../limits/write-limits.js';
import { Alarm } from '../../runtime/alarm.js';
import { toChunks } from '../../runtime/to-chunks.js';
import type { Clock } from '../../values/clock.js';
import type { FeatureCell } from '../../values/feature-cell.js';
import type { Instant } from '../../values/instant.js';
import type { RawValue } from '../../values/value-type.js';
import type { FeatureWriter, RowFault, WriteOutcome, WriteRequest } from '../feature-writer.js';
import { checkRows, type CheckedPart, type CheckedRow } from './check-rows.js';
import {
  isDeletable,
  listComputed,
  listUndeletable,
  type DeletionOutcome,
  type EntityDeletion,
} from './entity-deletion.js';
import { addPart, momentKey, type MomentValues } from './moment-values.js';
import type { WritePosition } from './write-position.js';
import { refuseUntakable } from './refuse-untakable.js';
import { toDeletionFailure, toStoreFailure } from './store-failure.js';

export interface DirectFeatureWriterOptions {
  readonly online: OnlineStore;
  readonly offline: Pick<OfflineStore, 'append' | 'delete'>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** Replaces the limit of the same name. For tests. */
  readonly maxFutureRows?: number;
}

/** Ten seconds: clocks that a time service sets differ by far less. */
const CLOCK_TOLERANCE = 10_000_000n;

interface PlannedRow {
  readonly row: number;
  readonly parts: readonly OnlineWrite[];
}

/**
 * Writes into stores without a common log, e.g. BigQuery and Bigtable: first into the offline store, which has
 * everything, then into the online store. If the second write fails, the caller repeats both; a row that the offline
 * store has twice counts once in every read.
 */
export class DirectFeatureWriter implements FeatureWriter, EntityDeletion {
  #lastCreated: Instant;
  readonly #future = new Set<OnlineWrite>();
  readonly #alarm = new Alarm();
  #promoting: Promise<void> = Promise.resolve();
  /** For each write that runs, the last creation time before it. */
  readonly #running = new Set<{ readonly after: Instant }>();

  constructor(private readonly options: DirectFeatureWriterOptions) {
    this.#lastCreated = options.clock();
  }

  /** Other gateways may write the same stores, by their own clocks, and the later of two writes may end first. */
  positionOf({ name }: Featurestore): WritePosition {
    const settled = (): Instant => {
      let earliest = this.#lastCreated;
      for (const { after } of this.#running) if (after < earliest) earliest = after;
      return earliest;
    };
    return { key: name, settled, isSerial: false, clockTolerance: CLOCK_TOLERANCE };
  }

  async write(request: WriteRequest): Promise<WriteOutcome> {
    const running = { after: this.#lastCreated };
    this.#running.add(running);
    try {
      return await this.#write(request);
    } finally {
      this.#running.delete(running);
    }
  }

  async #write({ entityType, rows, signal }: WriteRequest): Promise<WriteOutcome> {
    signal?.throwIfAborted();
    const { clock } = this.options;
    const now = clock();
    const checked = refuseUntakable(checkRows(entityType, rows, now), this.options.online, now);
    const served = await this.#readServed(entityType, checked.rows, now);
    const { planned, duplicateRows } = this.#plan(checked.rows, served, now);
    this.#checkFutureRoom(planned, now);
    const rejected = await this.#append(planned);
    const refused = new Set(rejected.map(({ row }) => row));
    const accepted = planned.filter(({ row }) => !refused.has(row));
    await this.#writeOnline(entityType, accepted, now);
    const faults = [...checked.faults, ...rejected].sort((a, b) => a.row - b.row);
    return { written: accepted.length, duplicates: duplicateRows.length, duplicateRows, faults };
  }

  /** Deletes from the offline store first: a sync between the two deletions would bring online values back. */
  async deleteEntities(entityType: EntityType, entityIds: readonly string[]): Promise<DeletionOutcome> {
    const { online, offline } = this.options;
    const { onlineSettings, offlineSettings } = entityType.featurestore;
    const ids = new Set(entityIds);
    for (const write of this.#future) {
      // By name: the objects are others after another registry was applied.
      const { name, featurestore } = write.source.entityType;
      const isOfType = name === entityType.name && featurestore.name === entityType.featurestore.name;
      if (isOfType && ids.has(write.entityId)) this.#future.delete(write);
    }
    // A promotion that has read these rows already must not write them after the deletion.
    await this.#promoting;
    try {
      const { remaining } = await offline.delete(entityType, entityIds);
      if (isDeletable(onlineSettings.kind)) await online.delete(entityType, entityIds);
      const offlineRemaining = remaining.map((reason) => ({ store: offlineSettings.kind, reason }));
      return { remaining: [...listUndeletable(entityType), ...offlineRemaining, ...listComputed(entityType)] };
    } catch (error) {
      throw toDeletionFailure(error);
    }
  }

  close(): void {
    this.#alarm.clear();
  }

  /** The rows that change something. A row is compared with those before it too: a value may be corrected and restored. */
  #plan(
    rows: readonly CheckedRow[],
    served: ReadonlyMap<string, ReadonlyMap<string, FeatureCell>>,
    now: Instant,
  ): { readonly planned: readonly PlannedRow[]; readonly duplicateRows: readonly number[] } {
    const moments = new Map<string, MomentValues>();
    const planned: PlannedRow[] = [];
    const duplicateRows: number[] = [];
    let created = this.#nextCreated(now);
    for (const { row, parts } of rows) {
      const keys = parts.map(momentKey);
      // The later row of one moment needs a later creation time: a warehouse does not know the order of arrival.
      if (keys.some((key) => moments.has(key))) created = this.#nextCreated(now);
      const changed = parts.filter((part, index) => {
        const after = addPart(part, moments.get(keys[index]!) ?? momentOfCells(part, served.get(part.entityId)));
        if (after) moments.set(keys[index]!, after);
        return after !== undefined;
      });
      if (changed.length > 0) planned.push({ row, parts: parts.map((part) => toWrite(part, created)) });
      else duplicateRows.push(row);
    }
    return { planned, duplicateRows };
  }

  /** Never the same twice in a process, so that the later write of a moment wins. */
  #nextCreated(now: Instant): Instant {
    this.#lastCreated = now > this.#lastCreated ? now : this.#lastCreated + 1n;
    return this.#lastCreated;
  }

  /** The served values of the entities, by entity id and feature name. */
  async #readServed(
    entityType: EntityType,
    rows: readonly CheckedRow[],
    now: Instant,
  ): Promise<Map<string, ReadonlyMap<string, FeatureCell>>> {
    const { online } = this.options;
    const served = new Map<string, ReadonlyMap<string, FeatureCell>>();
    const ids = [...new Set(rows.flatMap(({ parts }) => parts.map(({ entityId }) => entityId)))];
    const features = listFeatures(rows);
    for (const entityIds of toChunks(ids, online.maxEntityIdsPerRead)) {
      const cells = await online.read({ entityType, entityIds, features, now, includeExpired: true });
      for (const [index, entityId] of entityIds.entries()) {
        served.set(entityId, new Map(features.map(({ name }, at) => [name, cells[index]![at]!])));
      }
    }
    return served;
  }

  /** Before anything is written: a refused row must not be history. */
  #checkFutureRoom(planned: readonly PlannedRow[], now: Instant): void {
    const more = planned.flatMap(({ parts }) => parts).filter((write) => isFuture(write, now)).length;
    const maximum = this.options.maxFutureRows ?? WRITE_LIMITS.maxFutureRows;
    if (more === 0 || this.#future.size + more <= maximum) return;
    throw new AppError(
      'STORE_UNAVAILABLE',
      `This gateway holds ${this.#future.size} future rows already. Write them when their time comes.`,
    );
  }

  /** Returns the rows that the offline store refuses. */
  async #append(planned: readonly PlannedRow[]): Promise<RowFault[]> {
    const faults: RowFault[] = [];
    const parts = planned.flatMap(({ row, parts }) => parts.map((part) => ({ row, part })));
    for (const [source, ofSource] of Map.groupBy(parts, ({ part }) => part.source)) {
      const rows = ofSource.map(({ part: { entityId, version, values } }) => ({ entityId, ...version, values }));
      try {
        const { rejected } = await this.options.offline.append(source, rows);
        for (const { row, reason } of rejected) faults.push(toFault(ofSource[row]!.row, reason));
      } catch (error) {
        throw toStoreFailure('offline', error);
      }
    }
    return faults;
  }

  async #writeOnline(entityType: EntityType, rows: readonly PlannedRow[], now: Instant): Promise<void> {
    const writes = rows.flatMap(({ parts }) => parts);
    const future = writes.filter((write) => isFuture(write, now));
    const due = writes.filter((write) => !isFuture(write, now));
    try {
      if (due.length > 0) await this.options.online.write(entityType, due);
    } catch (error) {
      throw toStoreFailure('online', error);
    }
    for (const write of future) this.#future.add(write);
    if (future.length > 0) this.#schedule();
  }

  #schedule(atLeastMs = 0): void {
    this.#alarm.clear();
    let earliest: Instant | undefined;
    for (const { version } of this.#future) {
      if (earliest === undefined || version.timestamp! < earliest) earliest = version.timestamp!;
    }
    if (earliest === undefined) return;
    const waitMs = Math.ceil(Number(earliest - this.options.clock()) / 1000);
    this.#alarm.set(Math.max(waitMs, atLeastMs), () => {
      this.#promoting = this.#promote();
    });
  }

  async #promote(): Promise<void> {
    const now = this.options.clock();
    const due = [...this.#future].filter(({ version }) => version.timestamp! <= now);
    try {
      for (const [entityType, writes] of Map.groupBy(due, ({ source }) => source.entityType)) {
        await this.options.online.write(entityType, writes);
        for (const write of writes) this.#future.delete(write);
      }
      this.#schedule();
    } catch (error) {
      this.options.onError(error);
      this.#schedule(1000);
    }
  }
}

function listFeatures(rows: readonly CheckedRow[]): Feature[] {
  const sources = new Set<FeatureSource>(rows.flatMap(({ parts }) => parts.map(({ source }) => source)));
  return [...sources].flatMap(({ features }) => features);
}

function isFuture({ version }: OnlineWrite, now: Instant): boolean {
  return version.timestamp !== null && version.timestamp > now;
}

function toWrite(part: CheckedPart, created: Instant): OnlineWrite {
  const { createdTimestampColumn, entityType } = part.source;
  // Such a table of BigQuery has no creation time: online must order its rows as the warehouse does.
  const isUnknown = createdTimestampColumn === null && entityType.featurestore.offlineSettings.kind === 'BIGQUERY';
  const createdTimestamp = isUnknown ? null : created;
  return { ...part, version: { ...part.version, createdTimestamp } };
}

/** The values of the part's moment that are served now; undefined when another moment is served. */
function momentOfCells(
  { source, version }: CheckedPart,
  cells: ReadonlyMap<string, FeatureCell> | undefined,
): MomentValues | undefined {
  const values = new Map<string, RawValue | null>();
  for (const { name } of source.features) {
    const cell = cells?.get(name);
    if (!cell || cell.status === 'NOT_FOUND' || cell.timestamp !== version.timestamp) continue;
    values.set(name, cell.value);
  }
  return values.size === 0 ? undefined : values;
}

function toFault(row: number, reason: string): RowFault {
  return { row, part: null, code: 'BAD_USER_INPUT', message: `The offline store refuses the row: ${reason}` };
}
