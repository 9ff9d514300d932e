import { afterEach, describe, expect, it } from 'vitest';
import { DuckDbDatabase } from '../../../../../datasources/duckdb/database.js';
import { appendRows } from '../../../../../datasources/offline/duckdb/append-rows.js';
import { JoinedReads } from '../../../../../datasources/offline/duckdb/joined-reads.js';
import { readPointInTime } from '../../../../../datasources/offline/duckdb/read-point-in-time.js';
import type { PointInTimeRead } from '../../../../../datasources/offline/offline-store.js';
import { testEntityType } from '../../../../support/test-registry.js';

const opened: DuckDbDatabase[] = [];
afterEach(() => opened.splice(0).forEach((database) => database.close()));

const ENTITIES = 40;

/** A store with a value of two features for each of some entities, and reads that are counted. */
async function open(isFailing: (read: PointInTimeRead) => boolean = () => false) {
  let owner = '';
  const database = await DuckDbDatabase.open(':memory:', { currentOwner: () => owner });
  opened.push(database);
  const entityType = testEntityType({
    name: 'joined',
    sources: [{ features: ['a', 'b'].map((name) => ({ name, valueType: 'INT64' })) }],
  });
  const rows = Array.from({ length: ENTITIES }, (_, entity) => ({
    entityId: `e${entity}`,
    timestamp: 10n,
    values: new Map([
      ['a', BigInt(entity)],
      ['b', BigInt(-entity)],
    ]),
  }));
  await database.transaction((connection) => appendRows(connection, entityType.sources[0]!, rows));
  const queries: PointInTimeRead[] = [];
  const reads = new JoinedReads(database, (connection, read) => {
    queries.push(read);
    if (isFailing(read)) throw new Error('a value cannot be read');
    return readPointInTime(connection, read, 'CHOOSE');
  });
  const read = (entity: number, more: Partial<PointInTimeRead> = {}) =>
    reads.read({
      entityType,
      features: entityType.features,
      labels: [{ entityId: `e${entity}`, time: 10n }],
      ...more,
    });
  return { entityType, queries, read, asOwner: (name: string) => (owner = name) };
}

const all = Array.from({ length: ENTITIES }, (_, entity) => entity);

describe('point-in-time reads at the same time', () => {
  it('share few queries, and each gets the cells of its own labels', async () => {
    const { queries, read } = await open();
    const results = await Promise.all(all.map((entity) => read(entity)));
    expect(results.map(([cells]) => cells!.map(({ value }) => value))).toEqual(
      all.map((entity) => [BigInt(entity), BigInt(-entity)]),
    );
    expect(queries.length).toBeLessThan(ENTITIES / 4);
  });

  it('share no query when their features, options or ttls differ', async () => {
    const { entityType, queries, read } = await open();
    const kinds: Partial<PointInTimeRead>[] = [
      {},
      { features: [entityType.features[1]!] },
      { options: { strictlyBefore: true } },
      { options: { includeExpired: true } },
      { ttl: 5n },
      { ttl: null },
    ];
    const results = await Promise.all(all.map((entity) => read(entity, kinds[entity % kinds.length])));
    for (const [entity, [cells]] of results.entries()) {
      const { features = entityType.features, options } = kinds[entity % kinds.length]!;
      const values = features.map(({ name }) => (name === 'a' ? BigInt(entity) : BigInt(-entity)));
      expect(cells!.map(({ value }) => value)).toEqual(options?.strictlyBefore ? values.map(() => null) : values);
    }
    for (const query of queries) {
      const [kind] = query.labels.map(({ entityId }) => Number(entityId!.slice(1)) % kinds.length);
      expect(query.labels.every(({ entityId }) => Number(entityId!.slice(1)) % kinds.length === kind)).toBe(true);
    }
  });

  it('that abort while they wait reject with the reason of their signal, and the others have their cells', async () => {
    const { queries, read } = await open();
    const abort = new AbortController();
    const results = Promise.allSettled(
      all.map((entity) => read(entity, entity % 2 === 1 ? { signal: abort.signal } : {})),
    );
    abort.abort(new Error('the client left'));
    for (const [entity, result] of (await results).entries()) {
      if (result.status === 'rejected') expect(result.reason).toEqual(new Error('the client left'));
      else expect(result.value[0]![0]!.value).toBe(BigInt(entity));
      if (entity % 2 === 0) expect(result.status).toBe('fulfilled');
    }
    const ofAborted = queries
      .flatMap(({ labels }) => labels)
      .filter(({ entityId }) => Number(entityId!.slice(1)) % 2 === 1);
    expect(ofAborted.length).toBeLessThan(ENTITIES / 2);
  });

  it('that cannot be answered fail alone', async () => {
    const { read } = await open(({ labels }) => labels.some(({ entityId }) => entityId === 'e30'));
    const results = await Promise.allSettled(all.map((entity) => read(entity)));
    expect(results.flatMap(({ status }, entity) => (status === 'rejected' ? [entity] : []))).toEqual([30]);
  });

  it('are served by request in turn: one with many different reads does not delay the read of another', async () => {
    const { entityType, read, asOwner } = await open();
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);
    asOwner('many');
    // Each has a ttl of its own, so that none shares a query.
    const many = all.map((entity) => read(entity, { ttl: BigInt(entity + 100) }).then(note('many')));
    asOwner('one');
    const one = read(1, { features: [entityType.features[0]!] }).then(note('one'));
    await Promise.all([...many, one]);
    expect(order.indexOf('one')).toBeLessThan(ENTITIES / 4);
  });

  it('of more labels than a query is shared for have all their cells', async () => {
    const { read } = await open();
    const labels = Array.from({ length: 1_500 }, (_, index) => ({ entityId: `e${index % ENTITIES}`, time: 10n }));
    const [large, small] = await Promise.all([read(0, { labels }), read(7)]);
    expect(large.map(([cell]) => cell!.value)).toEqual(labels.map((_, index) => BigInt(index % ENTITIES)));
    expect(small[0]![0]!.value).toBe(7n);
  });
});
