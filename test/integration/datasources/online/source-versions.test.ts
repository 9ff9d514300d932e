import { expect, it, onTestFinished } from 'vitest';
import { LmdbOnlineStore } from '../../../../datasources/online/lmdb/lmdb-online-store.js';
import type { FeatureSource } from '../../../../datasources/registry/model.js';
import type { SourceVersions } from '../../../../datasources/online/source-versions.js';
import { smallRegistry } from '../../../support/small-registry.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const [orders, fixed] = smallRegistry().entityType('shop', 'customer').sources as [FeatureSource, FeatureSource];

function open(folder: string): { readonly versions: SourceVersions; readonly close: () => Promise<void> } {
  const store = new LmdbOnlineStore(folder);
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (!isClosed) await store.close();
    isClosed = true;
  };
  onTestFinished(close);
  return { versions: store.openLog(() => orders).versions, close };
}

it('a source has no version while its rows change elsewhere, and then a new one, also if the change fails', async () => {
  const { versions } = open(temporaryFolder());
  const seen = [versions.of(orders)];
  await versions.changing([orders], async () => expect(versions.of(orders)).toBeUndefined());
  seen.push(versions.of(orders));
  const failing = versions.changing([orders], async () => {
    await versions.changing([orders], async () => undefined);
    expect(versions.of(orders)).toBeUndefined();
    throw new Error('a disk is full');
  });
  await expect(failing).rejects.toThrow('a disk is full');
  seen.push(versions.of(orders));
  expect(new Set(seen).size).toBe(3);
  expect(versions.of(fixed)).toBe('0');
});

it('a process that ends during a change leaves a version that no client has', async () => {
  const folder = temporaryFolder();
  const first = open(folder);
  await first.versions.changing([orders], async () => undefined);
  const before = first.versions.of(orders);
  await new Promise<void>((resolve) => {
    // It never ends, as that of a process that is killed.
    void first.versions.changing([orders], () => new Promise(() => resolve()));
  });
  await first.close();
  const { versions } = open(folder);
  expect(versions.of(orders)).toEqual(expect.any(String));
  expect(versions.of(orders)).not.toBe(before);
  expect(versions.of(fixed)).toBe('0');
});

it('the version of a source that has another name now changes with writes by either name', async () => {
  const { versions } = open(temporaryFolder());
  const renamed: FeatureSource = { ...orders, name: 'purchases', renamedFrom: 'orders' };
  const seen = [versions.of(renamed)];
  for (const source of [orders, renamed]) {
    await versions.changing([source], async () => undefined);
    seen.push(versions.of(renamed));
  }
  expect(new Set(seen).size).toBe(3);
});

it('a registry that comes back has another version than before', async () => {
  const folder = temporaryFolder();
  const { versions, close } = open(folder);
  const [one, same, other] = [
    await versions.ofRegistry('a'),
    await versions.ofRegistry('a'),
    await versions.ofRegistry('b'),
  ];
  await close();
  const again = open(folder).versions;
  expect(same).toBe(one);
  expect(await again.ofRegistry('b')).toBe(other);
  expect([one, other]).not.toContain(await again.ofRegistry('a'));
});
