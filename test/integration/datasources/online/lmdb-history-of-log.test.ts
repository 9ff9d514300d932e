import { describe, expect, it, onTestFinished } from 'vitest';
import { WRITTEN_VERSION } from '../../../../datasources/offline/history-snapshot.js';
import { LmdbOnlineStore } from '../../../../datasources/online/lmdb/lmdb-online-store.js';
import type { LmdbHistory } from '../../../../datasources/online/lmdb/lmdb-history.js';
import type { LmdbWriteLog } from '../../../../datasources/online/lmdb/lmdb-write-log.js';
import type { OnlineWrite } from '../../../../datasources/online/online-store.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { testEntityType } from '../../../support/test-registry.js';

const entityType = testEntityType({ name: 'orders', sources: [{ features: [{ name: 'total', valueType: 'INT64' }] }] });
const [source] = entityType.sources;
const [total] = source!.features;

interface Opened {
  readonly log: LmdbWriteLog;
  readonly history: LmdbHistory;
  /** Commits rows of an entity at some seconds; each value is the number of the commit. */
  readonly commit: (entityId: string, ...seconds: number[]) => Promise<number>;
  /** The values of an entity, newest first; why there are none otherwise. */
  readonly read: (entityId: string, to?: number) => unknown;
  readonly storedRows: () => number | undefined;
  readonly close: () => Promise<void>;
}

async function open(folder: string): Promise<Opened> {
  const online = new LmdbOnlineStore(folder);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await online.close();
    isOpen = false;
  };
  onTestFinished(close);
  const history = online.openHistory();
  const log = online.openLog(() => source!);
  await history.continueLog(log);
  history.confirm(source!, history.epoch(source!));
  return {
    log,
    history,
    commit: async (entityId, ...seconds) => {
      const sequence = log.last.sequence + 1;
      const rows = seconds.map((second): OnlineWrite => ({
        entityId,
        source: source!,
        version: { timestamp: BigInt(second), createdTimestamp: BigInt(sequence), sequence: null },
        values: new Map([['total', BigInt(sequence)]]),
      }));
      await log.commit({ sequence, created: BigInt(sequence), rows, future: new Set() });
      return sequence;
    },
    read: (entityId, to = 100) => {
      const read = history.history({ feature: total!, entityId, from: null, to: BigInt(to), before: null, limit: 100 });
      return typeof read === 'string' ? read : read.map(({ value, timestamp }) => [Number(timestamp), Number(value)]);
    },
    storedRows: () => history.find(source!)?.rows,
    close,
  };
}

/** A store whose source has an empty history. */
async function openCopied(folder: string): Promise<Opened> {
  const opened = await open(folder);
  const build = await opened.history.begin(source!);
  build.follow();
  await build.complete(WRITTEN_VERSION);
  await build.end();
  opened.history.confirm(source!, opened.history.epoch(source!));
  return opened;
}

describe('rows of the log in the key-value history', () => {
  it('are read before they are stored, while some are stored, and afterwards', async () => {
    const { log, commit, read, storedRows } = await openCopied(temporaryFolder());
    await commit('a', 3, 1);
    await commit('b', 2);
    const second = await commit('a', 2, 3);
    const expected = [
      [3, 3],
      [2, 3],
      [1, 1],
    ];
    expect(read('a')).toEqual(expected);
    expect(storedRows()).toBe(0);
    await log.remove(second);
    expect([storedRows(), read('a')]).toEqual([0, expected]);
    await log.settle();
    expect([storedRows(), read('a')]).toEqual([5, expected]);
    await commit('a', 4, 0);
    expect(read('a')).toEqual([[4, 4], ...expected, [0, 4]]);
    expect(read('a', 2)).toEqual([
      [2, 3],
      [1, 1],
      [0, 4],
    ]);
    expect(read('b')).toEqual([[2, 2]]);
  });

  it('that the offline store does not have yet are not stored', async () => {
    const { log, commit, read, storedRows } = await openCopied(temporaryFolder());
    const first = await commit('a', 1);
    await commit('a', 2);
    await log.remove(first);
    await log.settle();
    expect(storedRows()).toBe(1);
    expect(log.read(first, 100).rows.map(({ version }) => version.timestamp)).toEqual([2n]);
    expect(read('a')).toEqual([
      [2, 2],
      [1, 1],
    ]);
  });

  it('are there after a process that ended before it stored them, or before it removed them', async () => {
    const folder = temporaryFolder();
    const first = await openCopied(folder);
    const sequence = await first.commit('a', 1, 2);
    await first.commit('a', 3);
    await first.log.remove(sequence);
    // Stored, but the commit is still in the log.
    await first.history.ofLog.store(sequence);
    await first.close();

    const second = await open(folder);
    const expected = [
      [3, 2],
      [2, 1],
      [1, 1],
    ];
    expect([second.storedRows(), second.read('a')]).toEqual([2, expected]);
    await second.log.remove(second.log.last.sequence);
    await second.log.settle();
    expect([second.storedRows(), second.read('a')]).toEqual([3, expected]);
    await second.close();
    const third = await open(folder);
    expect([third.storedRows(), third.read('a')]).toEqual([3, expected]);
  });

  it('are stored when there are many', async () => {
    const { log, commit, read, storedRows } = await openCopied(temporaryFolder());
    const seconds = Array.from({ length: 10_000 }, (_, second) => second);
    for (let commits = 1; commits <= 5; commits += 1) {
      expect(storedRows()).toBe(0);
      await log.remove(await commit(`entity ${commits}`, ...seconds));
    }
    expect(storedRows()).toBe(50_000);
    expect(read('entity 5', 0)).toEqual([[0, 5]]);
  });

  it('are dropped with the history when another release removed commits without it', async () => {
    const folder = temporaryFolder();
    const first = await openCopied(folder);
    await first.log.remove(await first.commit('a', 1));
    await first.log.settle();
    await first.close();

    const online = new LmdbOnlineStore(folder);
    const without = online.openLog(() => source!);
    const sequence = without.last.sequence + 1;
    const version = { timestamp: 2n, createdTimestamp: 2n, sequence: null };
    const row: OnlineWrite = { entityId: 'a', source: source!, version, values: new Map([['total', 2n]]) };
    await without.commit({ sequence, created: 2n, rows: [row], future: new Set() });
    await without.remove(sequence);
    await online.close();

    const second = await open(folder);
    expect([second.storedRows(), second.read('a')]).toEqual([undefined, 'ABSENT']);
  });
});
