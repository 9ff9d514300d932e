import { afterAll, beforeAll, expect, it } from 'vitest';
import { NO_PROGRESS } from '../../../datasources/job-store/job-record.js';
import { JobEngine } from '../../../jobs/job-engine.js';
import type { JobHandler } from '../../../jobs/job-handler.js';
import { JobType } from '../../../jobs/job-type.js';
import { newJobId } from '../../../jobs/new-job-id.js';
import { describeWithBigtable, startBigtableEmulator } from '../../support/google/bigtable-emulator.js';
import { createJobsTable, openJobStore } from '../../support/google/bigtable-job-store.js';
import { jobRecord } from '../../support/job-record.js';
import { until } from '../../support/until.js';

const NOT_SHARED = { field: 'output', message: 'the files are on one disk' };

describeWithBigtable('a job that no gateway runs', () => {
  let emulator: Awaited<ReturnType<typeof startBigtableEmulator>>;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
  });
  afterAll(() => emulator.stop());

  it('is left to the gateways with shared files if its files have to be there', async () => {
    const table = await createJobsTable(emulator);
    const ran: string[] = [];
    const open = async (gateway: string, boundToMachine: JobHandler['boundToMachine']): Promise<JobEngine> => {
      const handler: JobHandler = {
        type: new JobType('test', 'TRAINING_SET'),
        boundToMachine,
        plan: async () => ({ displayName: null, labels: {}, spec: null }),
        run: async () => {
          ran.push(gateway);
          return { state: 'SUCCEEDED', result: null, progress: NO_PROGRESS };
        },
      };
      return new JobEngine({
        store: await openJobStore(emulator, table),
        handlers: [handler],
        clock: () => BigInt(Date.now()) * 1000n,
        newId: newJobId,
        maxRunning: 2,
        onError: (error) => expect.unreachable(String(error)),
      });
    };
    const before = await openJobStore(emulator, table);
    await before.create(jobRecord({ id: newJobId(), handler: 'test', kind: 'TRAINING_SET' }));
    await before.close();
    const without = await open('without', NOT_SHARED);
    // Takes all that it may take.
    await without.resume();
    const withFiles = await open('with', undefined);
    await withFiles.resume();
    await until(() => ran.length > 0);
    await Promise.all([without.stop(), withFiles.stop()]);
    expect(ran).toEqual(['with']);
  });
});
