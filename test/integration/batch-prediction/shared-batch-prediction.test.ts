import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BatchOutput } from '../../../batch-prediction/batch-predictions.js';
import type { LocalBatchPredictionJob } from '../../../batch-prediction/local/local-batch-prediction-job.js';
import { SharedOutputFolder } from '../../../batch-prediction/local/shared-output-folder.js';
import { GRPC_STATUS } from '../../../datasources/google/grpc-status.js';
import { request, waitForEnd, type BatchPredictionLab } from '../../support/batch-prediction-lab.js';
import {
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../support/google/bigtable-emulator.js';
import { createJobsTable, openJobStore } from '../../support/google/bigtable-job-store.js';
import { startFaultProxy } from '../../support/google/fault-proxy.js';
import { openSharedFolder, ROOT, type SharedFolder } from '../../support/google/shared-files.js';
import { files, hurriedClock, trainingSet } from '../../support/linear-model-instances.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { openTestLab } from '../../support/test-lab.js';
import { until } from '../../support/until.js';

const ROWS = Array.from({ length: 1000 }, (_, row) => `${row},${row / 4},"row ""${row}"`);
const CSV = `a,b,note\n${ROWS.join('\n')}\n`;
const NUMBERS = Array.from({ length: 1000 }, (_, number) => BigInt(number));

/** A busy machine writes its heartbeats late. */
const LEASE_MS = 6_000;
const TEST_MS = 240_000;

async function openInput(): Promise<SharedFolder> {
  const shared = await openSharedFolder();
  shared.server.objects.set('team/in.csv', CSV);
  return shared;
}

function names({ server }: SharedFolder): string[] {
  return [...server.objects.keys()].filter((name) => name !== 'team/in.csv').sort();
}

async function numbersOf(lab: BatchPredictionLab, job: LocalBatchPredictionJob): Promise<bigint[]> {
  const page = await lab.batch.predictions(job, { after: null, limit: 2000 });
  return page.map(({ instanceNumber }) => instanceNumber);
}

describe('a batch prediction of several gateways', () => {
  it.each(['PARQUET', 'JSONL'] as const)(
    'reads and writes shared files, and no disk has them after it (%s)',
    async (format) => {
      const shared = await openInput();
      const lab = await openTestLab({ folder: temporaryFolder(), shared: shared.open(), clock: hurriedClock() });
      lab.serving.faults.refuses = (a) => a === 7n;
      const { id } = await lab.batch.start(request(files('in.csv'), { output: { format, location: null } }));
      const job = await waitForEnd(lab, id);
      const extension = format.toLowerCase();
      const folder = `${ROOT}/batch-predictions/${id}`;
      expect(job).toMatchObject({
        state: 'PARTIALLY_SUCCEEDED',
        progress: { completed: 999n, failed: 1n, total: 1000n },
        result: { predictions: `${folder}/predictions-*.${extension}`, failures: `${folder}/errors-*.${extension}` },
      });
      const { parts } = job.checkpoint!;
      expect(parts.length).toBeGreaterThan(1);
      const written = parts.map(({ number }) => `predictions-${String(number).padStart(5, '0')}.${extension}`);
      expect(names(shared)).toEqual(
        [`errors-00001.${extension}`, 'manifest.json', ...written].map(
          (name) => `team/batch-predictions/${id}/${name}`,
        ),
      );
      expect(await numbersOf(lab, job)).toEqual(NUMBERS.filter((number) => number !== 7n));
      const failures = await lab.batch.failures(job, { after: null, limit: 10 });
      expect(failures).toMatchObject([{ instanceNumber: 7n, instance: { a: '7' } }]);
      const metrics = await lab.batch.metrics(job, [{ metric: 'COUNT', field: 'y', over: null }]);
      expect(metrics).toEqual([999]);

      delete lab.serving.faults.refuses;
      const retry = await lab.batch.retryFailed(job, { createdBy: null, idempotencyKey: null });
      const retried = await waitForEnd(lab, retry.id);
      expect(retried).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1n } });
      expect(await numbersOf(lab, retried)).toEqual([7n]);

      expect(readdirSync(join(lab.folder, 'work'))).toEqual([]);
      expect(readdirSync(lab.files.folder)).toEqual([]);
      expect(readdirSync(`${lab.files.folder}-reading`)).toEqual([]);
    },
  );

  it('reads a training set of the shared folder', async () => {
    const shared = await openInput();
    const lab = await openTestLab({ folder: temporaryFolder(), shared: shared.open() });
    await lab.store.create(trainingSet('CSV', `${ROOT}/in.csv`));
    const { id } = await lab.batch.start(request({ kind: 'TRAINING_SET', job: 'training-set' }));
    expect(await waitForEnd(lab, id)).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n } });
  });

  it.each<[string, BatchOutput, string]>([
    ['a table', { format: 'TABLE', location: 'mine' }, 'output.format'],
    ['a folder with files', { format: 'JSONL', location: 'taken/' }, 'output.location'],
    ['another bucket', { format: 'JSONL', location: 'gs://other/folder' }, 'output.location'],
  ])('does not write to %s', async (_what, output, field) => {
    const shared = await openInput();
    shared.server.objects.set('team/taken/file', 'of another program');
    const lab = await openTestLab({ folder: temporaryFolder(), shared: shared.open() });
    await expect(lab.batch.start(request(files('in.csv'), { output }))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field },
    });
  });

  it('does not read a table, or a file that is not there', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), shared: (await openInput()).open() });
    await expect(lab.batch.start(request({ kind: 'TABLE', table: 'main.mine' }))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'input.table' },
    });
    await expect(lab.batch.start(request(files('none.csv')))).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      details: { field: 'input.files' },
    });
  });

  it('fails at its start where another job began to write meanwhile', async () => {
    const shared = await openInput();
    const lab = await openTestLab({ folder: temporaryFolder(), shared: shared.open() });
    const output = { format: 'JSONL', location: 'both' } as const;
    shared.server.uploads.onUpload = async (name) => {
      if (name === 'team/both/manifest.json') shared.server.objects.set(name, 'of another program');
    };
    const { id } = await lab.batch.start(request(files('in.csv'), { output }));
    expect(await waitForEnd(lab, id)).toMatchObject({ state: 'FAILED', error: { code: 'OUTPUT_IN_USE' } });
    expect(names(shared)).toEqual(['team/both/manifest.json']);
  });
});

describeWithBigtable('a batch prediction whose gateway lost it', () => {
  let emulator: BigtableEmulator;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
  });
  afterAll(async () => emulator.stop());

  /** Two gateways with one table of jobs and one shared folder. The first one can be cut off from the table. */
  async function openTwo(onTestFinished: (end: () => Promise<void>) => void) {
    const shared = await openInput();
    const table = await createJobsTable(emulator);
    const proxy = await startFaultProxy(emulator.endpoint);
    onTestFinished(() => proxy.stop());
    const open = async (endpoint: string) =>
      openTestLab({
        folder: temporaryFolder(),
        shared: shared.open(),
        clock: hurriedClock(),
        jobs: await openJobStore({ ...emulator, endpoint }, table, { leaseMs: LEASE_MS, deadlineMs: 5_000 }),
      });
    const [first, second] = [await open(proxy.endpoint), await open(emulator.endpoint)];
    const cutOff = (): void => {
      proxy.decide = () => ({ kind: 'refused', status: GRPC_STATUS.UNAVAILABLE });
    };
    return { shared, first, second, cutOff };
  }

  it(
    'is continued by another one from the last checkpoint, and what the first one still writes is not part of it',
    { timeout: TEST_MS },
    async ({ onTestFinished }) => {
      const { shared, first, second, cutOff } = await openTwo(onTestFinished);
      const { uploads } = shared.server;
      const held = new EventTarget();
      onTestFinished(async () => void held.dispatchEvent(new Event('go')));
      let wasHeld = false;
      let wentOn = false;
      uploads.onUpload = async (name) => {
        if (wasHeld || !name.endsWith('predictions-00003.parquet')) return;
        wasHeld = true;
        await once(held, 'go');
        wentOn = true;
      };
      const { id } = await first.batch.start(request(files('in.csv')));
      await until(() => wasHeld);
      cutOff();
      await second.engine.resume();
      const job = await waitForEnd(second, id);
      expect(job).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n, failed: 0n, total: 1000n } });
      expect(new Set(job.checkpoint!.parts.map(({ run }) => run)).size).toBe(2);
      expect(await numbersOf(second, job)).toEqual(NUMBERS);
      // The second one predicted what was left, and not all of it.
      expect(second.serving.requests).toBeLessThan(100);
      const before = new Map(shared.server.objects);
      held.dispatchEvent(new Event('go'));
      await until(() => wentOn && uploads.all.some(({ name }) => !before.has(name) && shared.server.objects.has(name)));
      await first.engine.stop();
      const late = names(shared).filter((name) => !before.has(name));
      expect(late).toEqual([expect.stringMatching(/\/_parts\/[-0-9a-f]+\/predictions-00003\.parquet$/)]);
      for (const [name, text] of before) expect(shared.server.objects.get(name)).toBe(text);
      expect(existsSync(join(second.folder, 'work', id))).toBe(false);
    },
  );

  it(
    'ends once, as the first one decided, if it was lost while its files got their names',
    { timeout: TEST_MS },
    async ({ onTestFinished }) => {
      const { shared, first, second, cutOff } = await openTwo(onTestFinished);
      const { uploads } = shared.server;
      const held = new EventTarget();
      onTestFinished(async () => void held.dispatchEvent(new Event('go')));
      let wasHeld = false;
      uploads.onCopy = async () => {
        if (wasHeld) return;
        wasHeld = true;
        await once(held, 'go');
      };
      const { id } = await first.batch.start(request(files('in.csv')));
      await until(() => wasHeld);
      cutOff();
      await second.engine.resume();
      const job = await waitForEnd(second, id);
      expect(job).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n } });
      expect(second.serving.requests).toBe(0);
      const before = new Map(shared.server.objects);
      held.dispatchEvent(new Event('go'));
      await first.engine.stop();
      expect(shared.server.objects).toEqual(before);
      expect(await numbersOf(second, job)).toEqual(NUMBERS);
    },
  );
});

it('a folder has one job, whichever of its gateways claims it', async () => {
  const shared = await openSharedFolder();
  const claim = (job: string): Promise<void> =>
    new SharedOutputFolder({
      files: shared.open(),
      address: `${ROOT}/out`,
      format: 'JSONL',
      workFolder: temporaryFolder(),
      signal: new AbortController().signal,
    }).claim(job);
  await claim('job-1');
  await expect(claim('job-2')).rejects.toMatchObject({ code: 'OUTPUT_IN_USE' });
  await claim('job-1');
  expect(JSON.parse(shared.server.objects.get('team/out/manifest.json')!)).toEqual({ job: 'job-1', state: 'RUNNING' });
});

it('a read of a shared file that is aborted before its answer rejects, and no rejection is left unhandled', async () => {
  const shared = await openInput();
  const files = shared.open();
  const { version } = (await files.find(`${ROOT}/in.csv`))!;
  const abort = new AbortController();
  const reading = files.read(`${ROOT}/in.csv`, version, join(temporaryFolder(), 'in.csv'), abort.signal);
  abort.abort(new Error('stopped'));
  await expect(reading).rejects.toThrow('stopped');
});
