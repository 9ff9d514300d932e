import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { v7 as newJobId } from 'uuid';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { JobCost } from '../../../datasources/job-store/job-cost.js';
import { JOB_STATES, isTerminalState } from '../../../datasources/job-store/job-state.js';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import { removeStaleWorkFiles } from '../../../jobs/remove-stale-work-files.js';
import { jobRecord } from '../../support/job-record.js';
import { startShopGateway } from '../../support/shop-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** What both kinds of jobs leave when their process ends. */
function leaveWork(folder: string, id: string): string[] {
  mkdirSync(join(folder, id), { recursive: true });
  writeFileSync(join(folder, id, 'input.parquet'), 'rows');
  writeFileSync(join(folder, `${id}.duckdb`), 'labels');
  writeFileSync(join(folder, `${id}.duckdb.wal`), 'more labels');
  return [id, `${id}.duckdb`, `${id}.duckdb.wal`];
}

function jobStore(): LmdbJobStore {
  const store = new LmdbJobStore(join(temporaryFolder(), 'jobs'));
  onTestFinished(() => store.close());
  return store;
}

describe('what jobs left in the work folder', () => {
  it.each(JOB_STATES)(
    'of one that is %s goes if it has ended and stays if it will be taken up again',
    async (state) => {
      const folder = temporaryFolder();
      const store = jobStore();
      const id = newJobId();
      await store.create(jobRecord({ id, state, checkpoint: { stage: 'JOINED' } }));
      const left = leaveWork(folder, id);
      const swept = await removeStaleWorkFiles(folder, store);
      expect(swept.toSorted()).toEqual(isTerminalState(state) ? left : []);
      expect(readdirSync(folder).toSorted()).toEqual(isTerminalState(state) ? [] : left);
    },
  );

  it('goes when the job has ended and only its cost is still to be settled', async () => {
    const folder = temporaryFolder();
    const store = jobStore();
    const ended = jobRecord({ id: newJobId(), state: 'SUCCEEDED', cost: { isSettled: false } as JobCost });
    await store.create(ended);
    expect(await store.listUnfinished()).toHaveLength(1);
    leaveWork(folder, ended.id);
    await removeStaleWorkFiles(folder, store);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('goes when no record knows the job, and what no job makes is let be', async () => {
    const folder = temporaryFolder();
    const foreign = ['notes.txt', 'old.duckdb', `${newJobId()}.txt`, `my-${newJobId()}`];
    for (const name of foreign) writeFileSync(join(folder, name), '');
    leaveWork(folder, newJobId());
    await removeStaleWorkFiles(folder, jobStore());
    expect(readdirSync(folder).toSorted()).toEqual(foreign.toSorted());
  });

  it('is nothing when no job has ever run', async () => {
    expect(await removeStaleWorkFiles(join(temporaryFolder(), 'work'), jobStore())).toEqual([]);
  });

  it('is removed when the gateway starts', async () => {
    const folder = temporaryFolder();
    const work = join(folder, 'data/work');
    leaveWork(work, newJobId());
    const gateway = await startShopGateway(folder);
    onTestFinished(() => gateway.stop());
    expect(readdirSync(work)).toEqual([]);
  });
});
