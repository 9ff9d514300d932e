import type { ImportingOfflineStore } from '../datasources/offline/importing-offline-store.js';
import type { FillableOnlineStore } from '../datasources/online/online-store.js';
import type { EntityType, FeatureSource } from '../datasources/registry/model.js';
import type { Clock } from '../values/clock.js';
import type { Instant } from '../values/instant.js';
import { addFillExpiry, isUpToDate } from './fill-fingerprint.js';
import { newestWrites } from './newest-writes.js';

export interface OnlineFill {
  readonly entityType: EntityType;
  readonly offline: ImportingOfflineStore;
  readonly online: FillableOnlineStore;
  readonly clock: Clock;
  /** The expected contents of the online store (fillFingerprint). */
  readonly fingerprint: string;
  readonly signal?: AbortSignal | undefined;
  /** Receives the future rows of a source, which the online store does not get. */
  readonly onFutureRows: (source: FeatureSource, rows: number) => void;
  /** Receives how many entities are written. */
  readonly onEntities?: (entities: number) => void;
}

export async function isFilled({ entityType, online, fingerprint, clock }: OnlineFill): Promise<boolean> {
  return isUpToDate(await online.currentFill(entityType), fingerprint, clock());
}

/** Fills an online store with the values known now, unless another gateway fills it with the same values. */
export async function fillOnlineStore(fill: OnlineFill): Promise<void> {
  const { entityType, online, fingerprint, clock } = fill;
  for (;;) {
    // Checks again each time: another gateway may have filled the store since, with the same values.
    const expectedFill = await online.currentFill(entityType);
    if (isUpToDate(expectedFill, fingerprint, clock())) return;
    if (await fillOnce(fill, expectedFill, clock())) return;
  }
}

/** A fill is valid until the first future row becomes true. Returns false when another gateway filled first. */
async function fillOnce(
  { entityType, offline, online, fingerprint, signal, onFutureRows, onEntities }: OnlineFill,
  expectedFill: string | undefined,
  asOf: Instant,
): Promise<boolean> {
  const goodUntil = await findGoodUntil(entityType, offline, asOf, onFutureRows);
  return online.fill(entityType, {
    fingerprint: addFillExpiry(fingerprint, goodUntil),
    expectedFill,
    readWrites: (source) => newestWrites(offline, source, { asOf, signal }),
    onProgress: onEntities,
  });
}

/** The time of the first row that is not known yet; null when there is none. */
export async function findGoodUntil(
  { sources }: EntityType,
  offline: ImportingOfflineStore,
  asOf: Instant,
  onFutureRows: OnlineFill['onFutureRows'] = () => undefined,
): Promise<Instant | null> {
  let goodUntil: Instant | null = null;
  for (const source of sources) {
    const { rows, earliest } = await offline.countFutureRows(source, asOf);
    if (earliest === null) continue;
    onFutureRows(source, rows);
    if (goodUntil === null || earliest < goodUntil) goodUntil = earliest;
  }
  return goodUntil;
}
