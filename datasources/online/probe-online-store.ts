import { toErrorMessage } from '../../errors/error-message.js';
import type { Clock } from '../../values/clock.js';
import type { RawValue, ValueType } from '../../values/value-type.js';
import type { Finding } from '../diagnosis.js';
import type { EntityType, Feature } from '../registry/model.js';
import type { OnlineStore } from './online-store.js';

export interface OnlineProbe {
  readonly clock: Clock;
  /** Unique: no entity has this id. */
  readonly newId: () => string;
  /** Why the store is not written; null where a row can be written and deleted again. */
  readonly whyNotWritten: string | null;
}

/**
 * Uses an online store as the gateway does: reads an entity that does not exist, then writes, reads and deletes a marked
 * row. Leaves the store as it was. Other entities are neither read nor changed.
 */
export async function* probeOnlineStore(
  store: OnlineStore,
  entityTypes: readonly EntityType[],
  probe: OnlineProbe,
): AsyncGenerator<Finding> {
  for (const entityType of entityTypes) {
    const entityId = `featuregraph-doctor-${probe.newId()}`;
    yield await timed(`reads ${nameOf(entityType)}`, () =>
      expectStatus(store, entityType, entityId, probe, 'NOT_FOUND'),
    );
  }
  const [entityType] = entityTypes;
  if (!entityType) return;
  if (probe.whyNotWritten !== null) {
    yield { status: 'warning', message: `writes were not tried: ${probe.whyNotWritten}` };
    return;
  }
  yield* probeWrites(store, entityType, probe);
}

async function* probeWrites(store: OnlineStore, entityType: EntityType, probe: OnlineProbe): AsyncGenerator<Finding> {
  const entityId = `featuregraph-doctor-${probe.newId()}`;
  const [source] = entityType.sources;
  const values = new Map(source!.features.map((feature) => [feature.name, SAMPLES[feature.valueType]]));
  const timestamp = source!.timestampColumn === null ? null : probe.clock();
  const version = { timestamp, createdTimestamp: null, sequence: null };
  const name = nameOf(entityType);
  try {
    const written = await timed(`writes a marked row of ${name}`, () =>
      store.write(entityType, [{ entityId, source: source!, version, values }]),
    );
    yield written;
    if (written.status === 'ok') {
      yield await timed('reads the marked row', () =>
        expectStatus(store, { ...entityType, features: source!.features }, entityId, probe, 'PRESENT'),
      );
    }
  } finally {
    // Also after a write that failed: its answer may have been lost.
    yield await timed('deletes the marked row', async () => {
      await store.delete(entityType, [entityId]);
      await expectStatus(store, entityType, entityId, probe, 'NOT_FOUND');
    });
  }
}

async function expectStatus(
  store: OnlineStore,
  entityType: Pick<EntityType, 'features'> & EntityType,
  entityId: string,
  { clock }: OnlineProbe,
  expected: string,
): Promise<void> {
  const { features } = entityType;
  // Expired values count as present: the ttl of a feature says nothing of the store.
  const now = clock();
  const [cells = []] = await store.read({ entityType, entityIds: [entityId], features, now, includeExpired: true });
  const wrong = features.find((_: Feature, index: number) => !matches(cells[index]?.status, expected));
  if (wrong) throw new Error(`feature ${wrong.name} is ${cells[features.indexOf(wrong)]?.status}, not ${expected}`);
}

function matches(status: string | undefined, expected: string): boolean {
  return status === expected || (expected === 'PRESENT' && status === 'EXPIRED');
}

/** Runs a step and says how long it took. The message of a failure has its cause, which the adapter hides from clients. */
async function timed(what: string, run: () => Promise<unknown>): Promise<Finding> {
  const start = performance.now();
  try {
    await run();
    return { status: 'ok', message: `${what}: ${Math.round(performance.now() - start)} ms` };
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? `: ${toErrorMessage(error.cause)}` : '';
    const ms = Math.round(performance.now() - start);
    return { status: 'fault', message: `${what}: failed after ${ms} ms: ${toErrorMessage(error)}${cause}` };
  }
}

function nameOf({ featurestore, name }: EntityType): string {
  return `${featurestore.name}.${name}`;
}

const SAMPLES: Readonly<Record<ValueType, RawValue>> = {
  BOOL: true,
  DOUBLE: 1.5,
  INT64: 9_007_199_254_740_993n,
  STRING: 'featuregraph doctor',
  BYTES: Uint8Array.of(0, 255),
  TIMESTAMP: 0n,
  STRUCT: { doctor: true },
  BOOL_ARRAY: [true, false] as RawValue,
  DOUBLE_ARRAY: [1.5, -0.5] as RawValue,
  INT64_ARRAY: [1n, 2n] as RawValue,
  STRING_ARRAY: ['featuregraph', 'doctor'] as RawValue,
};
