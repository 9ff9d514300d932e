import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import { describeFillableOnlineStore } from './fillable-online-store.contract.js';
import { describeOnlineStore } from './online-store.contract.js';

describeOnlineStore('LMDB', openLmdb);
describeFillableOnlineStore('LMDB', openLmdb);

async function openLmdb() {
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-lmdb-'));
  const store = new LmdbOnlineStore(folder);
  return {
    store,
    dispose: async () => {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}
