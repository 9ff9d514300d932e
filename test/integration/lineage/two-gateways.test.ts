import { afterAll, beforeAll, expect, it } from 'vitest';
import { NO_PROGRESS } from '../../../datasources/job-store/job-record.js';
import { JobEngine } from '../../../jobs/job-engine.js';
import type { JobHandler } from '../../../jobs/job-handler.js';
import { JobType } from '../../../jobs/job-type.js';
import { newJobId } from '../../../jobs/new-job-id.js';
import { describeWithBigtable, startBigtableEmulator } from '../../support/google/bigtable-emulator.js';
import { createJobsTable, openJobStore } from '../../support/google/bigtable-job-store.js';
import { until } from '../../support/until.js';

const handler: JobHandler = {
  type: new JobType('test', 'MONITOR_RUN'),
  plan: async () => ({ displayName: null, labels: {}, spec: null }),
  run: async () => ({ state: 'SUCCEEDED', result: null, progress: NO_PROGRESS }),
};

describeWithBigtable('of two gateways that share their jobs', () => {
  let emulator: Awaited<ReturnType<typeof startBigtableEmulator>>;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
  });
  afterAll(() => emulator.stop());

  it('only the one that runs a job tells of its begin and its end', async () => {
    const table = await createJobsTable(emulator);
    const told: string[] = [];
    const open = async (gateway: string): Promise<JobEngine> => {
      const engine = new JobEngine({
        store: await openJobStore(emulator, table),
        handlers: [handler],
        clock: () => BigInt(Date.now()) * 1000n,
        newId: newJobId,
        maxRunning: 2,
        onError: (error) => expect.unreachable(String(error)),
        onBegin: ({ id }) => told.push(`${id} begin ${gateway}`),
        onEnd: ({ id }) => told.push(`${id} end ${gateway}`),
      });
      await engine.resume();
      return engine;
    };
    const engines = await Promise.all(['one', 'two'].map(open));
    const jobs = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        engines[index % 2]!.start(handler, { createdBy: null, idempotencyKey: null }),
      ),
    );
    // Each looks at what the other did several times.
    await until(() => told.length >= 2 * jobs.length);
    await Promise.all(engines.map((engine) => engine.stop()));
    for (const { id } of jobs) {
      const [begin, end, ...others] = told.filter((text) => text.startsWith(id)).map((text) => text.split(' '));
      expect([begin![1], end![1], others]).toEqual(['begin', 'end', []]);
      expect(begin![2]).toBe(end![2]);
    }
  });
});
