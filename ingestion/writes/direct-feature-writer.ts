import type { OnlineStore, OnlineWrite } from '../../datasources/online/online-store.js';
import type { OfflineStore } from '../../datasources/offline/offline-store.js';
import type { EntityType, Feature, FeatureSource, Featurestore } from '../../datasources/registry/model.js';
import { toChunks } from '../../runtime/to-chunks.js';
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
import { HeldFutureRows, type HeldFutureRowsOptions } from './held-future-rows.js';
import { addPart, momentKey, type MomentValues } from './moment-values.js';
import type { WritePosition } from './write-position.js';
import { refuseUntakable } from './refuse-untakable.js';
import { toDeletionFailure, toStoreFailure } from './store-failure.js';
import { toOutcome } from './write-outcome.js';

export interface DirectFeatureWriterOptions extends HeldFutureRowsOptions {
  readonly online: OnlineStore;
  readonly offline: Pick<OfflineStore, 'append' | 'delete' | 'hasCreationTimes' | 'rows'>;
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
  readonly #future: HeldFutureRows;
  /** For each write that runs, the last creation time before it. */
  readonly #running = new Set<{ readonly after: Instant }>();

  constructor(private readonly options: DirectFeatureWriterOptions) {
    this.#lastCreated = options.clock();
    this.#future = new HeldFutureRows(options);
  }

  /** Holds the future rows that clients wrote before a restart: they are served when their time comes. Never rejects. */
  async resume(entityTypes: readonly EntityType[]): Promise<void> {
    for (const source of entityTypes.flatMap(({ sources }) => sources)) {
      if (source.sql === null && source.timestampColumn !== null) await this.#future.resume(source);
    }
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
    const checked = refuseUntakable(await checkRows(entityType, rows, now), this.options.online, now);
    const served = await this.#readServed(entityType, checked.rows, now);
    const { planned, duplicateRows } = this.#plan(checked.rows, served, now);
    const isLater = (write: OnlineWrite): boolean => isFuture(write, now);
    this.#future.checkRoom(planned.flatMap(({ parts }) => parts).filter(isLater).length);
    const rejected = await this.#append(planned);
    const refused = new Set(rejected.map(({ row }) => row));
    const accepted = planned.filter(({ row }) => !refused.has(row));
    await this.#writeOnline(entityType, accepted, now);
    return toOutcome(checked, duplicateRows, rejected);
  }

  /** Deletes from the offline store first: a sync between the two deletions would bring online values back. */
  async deleteEntities(entityType: EntityType, entityIds: readonly string[]): Promise<DeletionOutcome> {
    const { online, offline } = this.options;
    const { onlineSettings, offlineSettings } = entityType.featurestore;
    await this.#future.forget(entityType, new Set(entityIds));
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
    this.#future.close();
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
      if (changed.length > 0) planned.push({ row, parts: parts.map((part) => this.#toWrite(part, created)) });
      else duplicateRows.push(row);
    }
    return { planned, duplicateRows };
  }

  /** Never the same twice in a process, so that the later write of a moment wins. */
  #nextCreated(now: Instant): Instant {
    this.#lastCreated = now > this.#lastCreated ? now : this.#lastCreated + 1n;
    return this.#lastCreated;
  }

  /** A table of others may have no column for the creation time: online must order its rows as the warehouse does. */
  #toWrite(part: CheckedPart, created: Instant): OnlineWrite {
    const createdTimestamp = this.options.offline.hasCreationTimes(part.source) ? created : null;
    return { ...part, version: { ...part.version, createdTimestamp } };
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
    this.#future.hold(future);
  }
}

function listFeatures(rows: readonly CheckedRow[]): Feature[] {
  const sources = new Set<FeatureSource>(rows.flatMap(({ parts }) => parts.map(({ source }) => source)));
  return [...sources].flatMap(({ features }) => features);
}

function isFuture({ version }: OnlineWrite, now: Instant): boolean {
  return version.timestamp !== null && version.timestamp > now;
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
