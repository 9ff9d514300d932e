import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry as Metrics } from 'prom-client';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openStores, type OpenStores } from '../../../composition/stores.js';
import type { PointInTimeRead } from '../../../datasources/offline/offline-store.js';
import type { EntityType, Feature } from '../../../datasources/registry/model.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import type { BuiltHistory } from '../../../ingestion/history/history-keeper.js';
import { createShadowMetrics } from '../../../observability/shadow-metrics.js';
import type { PastReadOutcome, PastReads } from '../../../serving/past-reads.js';
import { createRandom } from '../../support/random.js';
import type { RawValue } from '../../../values/value-type.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const T = 1_000_000_000_000_000n;
const IDS = ['a', 'b', 'c', 'never seen'];

const registryOf = (dense: boolean, columns = '', name = 'notes') => `
featurestores:
  - name: shop
    tables: { orders: { file: orders.csv, columns: { entity_id: VARCHAR, moment: TIMESTAMPTZ, total: BIGINT } } }
    entityTypes:
      - name: customer
        dense: ${dense}
        sources:
          - name: orders
            sql: orders.sql
            timestampColumn: moment
            features: [{ name: total, valueType: INT64 }]
          - { name: ${name}, features: [{ name: note, valueType: STRING }, { name: mood, valueType: INT64 }${columns}] }
`;

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder, 'orders.sql'), 'SELECT * FROM orders');
  writeOrders(1, 5);
});

function writeOrders(factor: number, rows: number): void {
  const lines = IDS.slice(0, 3).flatMap((id) =>
    Array.from({ length: rows }, (_, row) => `${id},2001-09-09T01:46:4${row}Z,${row * factor}`),
  );
  writeFileSync(join(folder, 'orders.csv'), ['entity_id,moment,total', ...lines, ''].join('\n'));
}

interface Opened {
  readonly stores: OpenStores;
  readonly entityType: EntityType;
  readonly past: PastReads;
  readonly outcomes: PastReadOutcome[];
  readonly built: BuiltHistory[];
  readonly write: (rows: readonly (readonly [id: string, second: number, note: string | null])[]) => Promise<void>;
  /** Waits for the copies, then compares every answer with DuckDB's. Gives what answered. */
  readonly compare: () => Promise<Set<PastReadOutcome>>;
  readonly close: () => Promise<void>;
}

async function open({ text = registryOf(false), maxHistoryRows = 10_000 } = {}): Promise<Opened> {
  writeFileSync(join(folder, 'registry.yaml'), text);
  const registry = await loadRegistry(join(folder, 'registry.yaml'));
  const [featurestore] = registry.featurestores;
  const entityType = featurestore!.entityTypes[0]!;
  const outcomes: PastReadOutcome[] = [];
  const built: BuiltHistory[] = [];
  const stores = await openStores(registry, join(folder, 'data'), {
    shadowReport: createShadowMetrics(new Metrics()),
    maxHistoryRows,
    onPastRead: (outcome) => outcomes.push(outcome),
    onHistoryBuilt: (one) => built.push(one),
    onHistoryError: (error) => {
      throw error;
    },
  });
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (!isClosed) await stores.close();
    isClosed = true;
  };
  onTestFinished(close);
  await stores.prepare(() => undefined);
  const past = stores.findPastReads(featurestore!) ?? stores.embedded;
  const features = new Map(entityType.features.map((feature) => [feature.name, feature]));
  return {
    stores,
    entityType,
    past,
    outcomes,
    built,
    write: async (rows) => {
      const outcome = await stores.writers.writer.write({
        entityType,
        rows: rows.map(([entityId, second, note]) => ({
          entityId,
          timestamp: T + BigInt(second) * 1_000_000n,
          values: new Map<Feature, RawValue | null>([
            [features.get('note')!, note],
            [features.get('mood')!, note === null ? 1n : null],
          ]),
        })),
      });
      expect(outcome.faults).toEqual([]);
    },
    compare: async () => {
      await stores.historyKeeper?.settled();
      outcomes.length = 0;
      const knownAts = await listCreations(stores, entityType);
      for (const read of listReads(entityType, knownAts)) {
        // First from the history: DuckDB moves the written rows out of the log.
        const cells = await past.pointInTime(read);
        expect(cells).toEqual(await stores.embedded.pointInTime(read));
      }
      for (const feature of entityType.features) {
        for (const entityId of IDS) {
          for (const [to, before, limit] of [
            [null, null, 100],
            [T + 3_000_000n, null, 2],
            [T + 5_000_000n, T + 4_000_000n, 3],
          ] as const) {
            const read = { feature, entityId, from: null, to, before, limit };
            expect(await past.history(read)).toEqual(await stores.embedded.history(read));
          }
        }
      }
      return new Set(outcomes);
    },
    close,
  };
}

/** The creation times of the written rows. */
async function listCreations(stores: OpenStores, entityType: EntityType): Promise<bigint[]> {
  const found = new Set<bigint>();
  const [, source] = entityType.sources;
  const read = { source: source!, entityIds: IDS, features: source!.features, to: null };
  for await (const rows of stores.embedded.rows(read)) {
    for (const { createdTimestamp } of rows) found.add(createdTimestamp!);
  }
  return [...found];
}

function listReads(entityType: EntityType, knownAts: readonly bigint[]): PointInTimeRead[] {
  const labels = IDS.flatMap((entityId) =>
    [-1, 0, 1, 2, 3, 4, 100].map((second) => ({ entityId, time: T + BigInt(second) * 1_000_000n })),
  );
  const written = entityType.features.filter(({ source }) => source.sql === null);
  return [
    { entityType, labels, features: entityType.features },
    { entityType, labels, features: entityType.features, options: { strictlyBefore: true } },
    ...knownAts.map((knownAt) => ({ entityType, labels, features: written, options: { knownAt } })),
  ];
}

describe.each([true, false])('the key-value history, dense: %s', (dense) => {
  it('answers as DuckDB after writes, late rows, corrections, deletions, a refresh and a restart', async () => {
    const first = await open({ text: registryOf(dense) });
    await first.write([['a', 3, 'before the copy']]);
    first.stores.historyKeeper!.start();
    expect(await first.compare()).toEqual(new Set(['HISTORY']));
    await first.write([
      ['a', 5, 'new'],
      ['b', 2, null],
      ['b', 1, 'late'],
      ['c', 4, 'to be deleted'],
    ]);
    await first.write([
      ['a', 3, 'corrected'],
      ['a', 5, null],
    ]);
    expect(await first.compare()).toEqual(new Set(['HISTORY']));
    await first.stores.writers.deletion.deleteEntities(first.entityType, ['c']);
    expect(await first.compare()).toEqual(new Set(['HISTORY']));

    writeOrders(10, 4);
    const builds = first.built.length;
    await first.stores.preparation.refresh(first.entityType);
    expect(await first.compare()).toEqual(new Set(['HISTORY']));
    expect(first.built.slice(builds).map(({ source, rows }) => [source.name, rows])).toEqual([['orders', 12]]);
    await first.close();

    const second = await open({ text: registryOf(dense) });
    await second.write([['b', 4, 'after the restart']]);
    second.stores.historyKeeper!.start();
    expect(await second.compare()).toEqual(new Set(['HISTORY']));
    expect(second.built).toEqual([]);
  });

  it('is copied while rows are written and entities are deleted', async () => {
    const random = createRandom(7);
    const opened = await open({ text: registryOf(dense) });
    opened.stores.historyKeeper!.start();
    const over = new AbortController();
    const writing = (async () => {
      for (let round = 0; !over.signal.aborted; round += 1) {
        const id = IDS[Math.floor(random() * 3)]!;
        const second = Math.floor(random() * 6);
        await opened.write([[id, second, random() < 0.3 ? null : `round ${round}`]]);
        if (random() < 0.05) await opened.stores.writers.deletion.deleteEntities(opened.entityType, [id]);
      }
    })();
    for (let build = 0; build < 15; build += 1) {
      for (const source of opened.entityType.sources) opened.stores.historyKeeper!.imported(source);
      // The second of them only: the first ends the copy of the other source soon.
      await opened.stores.historyKeeper!.settled();
      opened.stores.writers.history!.suspend(opened.entityType.sources[1]!);
      await opened.stores.writers.history!.dropOthers([opened.entityType.sources[0]!]);
    }
    opened.stores.historyKeeper!.wake();
    await opened.stores.historyKeeper!.settled();
    over.abort();
    await writing;
    expect(await opened.compare()).toEqual(new Set(['HISTORY']));
    expect(opened.built.length).toBeGreaterThan(15);
  });
});

describe('the key-value history', () => {
  it('reads a written row without moving it into DuckDB first', async () => {
    const { stores, past, write, entityType, outcomes } = await open();
    stores.historyKeeper!.start();
    await stores.historyKeeper!.settled();
    await write([['a', 3, 'new']]);
    const features = entityType.features.filter(({ name }) => name === 'note');
    const labels = [{ entityId: 'a', time: T + 3_000_000n }];
    expect(await past.pointInTime({ entityType, labels, features })).toMatchObject([[{ value: 'new' }]]);
    expect(stores.writers.logged!.backlog.rows).toBe(1);
    expect(outcomes).toEqual(['HISTORY']);
  });

  it('leaves the answer to DuckDB until it is copied, from an import on, and for more rows than it takes', async () => {
    const small = await open({ maxHistoryRows: 14 });
    expect(await small.compare()).toEqual(new Set(['ABSENT']));
    small.stores.historyKeeper!.start();
    // The 15 orders are too many, and the notes are none.
    expect(await small.compare()).toEqual(new Set(['ABSENT', 'HISTORY']));
    expect(small.built.map(({ source }) => source.name)).toEqual(['notes']);
    await small.write(Array.from({ length: 15 }, (_, second) => ['a', second, 'note'] as const));
    small.stores.historyKeeper!.wake();
    expect(await small.compare()).toEqual(new Set(['ABSENT']));
    await small.close();

    const large = await open();
    large.stores.historyKeeper!.start();
    expect(await large.compare()).toEqual(new Set(['HISTORY']));
    large.stores.historyKeeper!.imported(large.entityType.sources[0]!);
    large.outcomes.length = 0;
    const [total] = large.entityType.features;
    const labels = [{ entityId: 'a', time: T + 1_000_000n }];
    await large.past.pointInTime({ entityType: large.entityType, labels, features: [total!] });
    expect(large.outcomes).toEqual(['ABSENT']);
  });

  it('is copied again when rows were written while it was off, or by another program', async () => {
    const first = await open();
    await first.write([['a', 1, 'first']]);
    first.stores.historyKeeper!.start();
    expect(await first.compare()).toEqual(new Set(['HISTORY']));
    await first.close();

    const off = await open({ maxHistoryRows: 0 });
    expect(off.stores.historyKeeper).toBeNull();
    await off.write([['a', 2, 'while it was off']]);
    await off.close();

    const second = await open();
    second.stores.historyKeeper!.start();
    expect(await second.compare()).toEqual(new Set(['HISTORY']));
    expect(second.built.map(({ source }) => source.name)).toEqual(['orders', 'notes']);
    const [, notes] = second.entityType.sources;
    const values = new Map([['note', 'by another program']]);
    await second.stores.embedded.append(notes!, [{ entityId: 'b', timestamp: T, values }]);
    await second.close();

    const third = await open();
    third.stores.historyKeeper!.start();
    expect(await third.compare()).toEqual(new Set(['HISTORY']));
    expect(third.built.map(({ source }) => source.name)).toEqual(['notes']);
  });

  it('is copied again for a new feature and a renamed source', async () => {
    const first = await open();
    await first.write([['a', 1, 'first']]);
    first.stores.historyKeeper!.start();
    expect(await first.compare()).toEqual(new Set(['HISTORY']));
    await first.close();

    const wider = await open({ text: registryOf(false, ', { name: later, valueType: BOOL }') });
    await wider.write([['a', 2, 'second']]);
    wider.stores.historyKeeper!.start();
    expect(await wider.compare()).toEqual(new Set(['HISTORY']));
    expect(wider.built.map(({ source }) => source.name)).toEqual(['notes']);
    await wider.close();

    const text = registryOf(false, ', { name: later, valueType: BOOL }', 'remarks, renamedFrom: notes');
    const renamed = await open({ text });
    await renamed.write([['a', 3, 'third']]);
    renamed.stores.historyKeeper!.start();
    expect(await renamed.compare()).toEqual(new Set(['HISTORY']));
    expect(renamed.built.map(({ source }) => source.name)).toEqual(['remarks']);
  });

  it('leaves a read to DuckDB that would have to look at too many rows', async () => {
    const { stores, past, entityType, write, outcomes } = await open();
    stores.historyKeeper!.start();
    await stores.historyKeeper!.settled();
    for (let start = 0; start < 6_000; start += 2_000) {
      await write(Array.from({ length: 2_000 }, (_, row) => ['a', start + row, 'note'] as const));
    }
    outcomes.length = 0;
    // No row has a mood.
    const features = entityType.features.filter(({ name }) => name === 'mood');
    const labels = [{ entityId: 'a', time: T + 6_000_000_000n }];
    expect(await past.pointInTime({ entityType, labels, features })).toMatchObject([[{ status: 'NULL' }]]);
    expect(outcomes).toEqual(['LONG_SCAN']);
  });

  it('refuses knownAt of a source without creation times, as DuckDB does', async () => {
    const { stores, past, entityType } = await open();
    stores.historyKeeper!.start();
    await stores.historyKeeper!.settled();
    const [total] = entityType.features;
    const labels = [{ entityId: 'a', time: T }];
    const read = past.pointInTime({ entityType, labels, features: [total!], options: { knownAt: T } });
    await expect(read).rejects.toThrow(/needs the time at which each row was written/);
  });
});
