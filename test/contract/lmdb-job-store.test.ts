import { LmdbJobStore } from '../../datasources/jobs/lmdb/lmdb-job-store.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeJobStore } from './job-store.contract.js';

describeJobStore('LMDB', async () => {
  const folder = temporaryFolder();
  return async () => new LmdbJobStore(folder);
});
