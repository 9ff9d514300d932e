import { afterEach, describe, expect, it, vi } from 'vitest';
import { JobWatch } from '../../../jobs/job-watch.js';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import { JobFailure } from '../../../jobs/job-failure.js';
import { CountableWork } from '../../support/countable-work.js';
import { until } from '../../support/until.js';
import { smallRegistry } from '../../support/small-registry.js';
import { collectErrors, eventStreamClient, TRANSPORTS, webSocketClient } from '../../support/stream-clients.js';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../../support/test-gateway.js';

let gateway: TestGateway;
let work: CountableWork;
const begin = async (options: TestGatewayOptions = {}) => {
  work = new CountableWork('TRAINING_SET');
  gateway = await startTestGateway(smallRegistry(), { handlers: [work], ...options });
};
afterEach(async () => {
  vi.restoreAllMocks();
  await gateway.close();
});

const startJob = async () => {
  const { id } = await gateway.services.jobs.start(work, {
    spec: null,
    displayName: null,
    labels: {},
    createdBy: null,
    idempotencyKey: null,
  });
  return `jobs/${id}`;
};

const QUERY = `subscription ($id: ID!) { jobProgress(id: $id) {
  id state endedAt error { code message } progress { completed failed total percent }
} }`;
const following = (id: string) => ({ query: QUERY, variables: { id } });
const jobsOf = ({ results }: { results: any[] }): any[] => results.map(({ data }) => data.jobProgress);

describe.each(TRANSPORTS)('the progress of a job over %s', (_name, createClient) => {
  it('is the job as it is, then its changes, and completes at the end', async () => {
    await begin();
    const id = await startJob();
    const client = createClient(gateway.url);
    work.begin(10n);
    const { results, error } = await client.follow(following(id), ({ data }) => {
      // Each step is done when the one before has been seen.
      const { state, progress } = data.jobProgress;
      if (state !== 'RUNNING') return;
      if (progress.completed === '0') work.count(4n, 1n);
      if (progress.completed === '4') work.end();
    });
    expect(error).toBeUndefined();
    const seen = jobsOf({ results });
    expect(seen.every((job) => job.id === id)).toBe(true);
    expect(seen.at(0).state).toMatch(/QUEUED|PENDING|RUNNING/);
    expect(seen).toContainEqual(
      expect.objectContaining({
        state: 'RUNNING',
        progress: { completed: '4', failed: '1', total: '10', percent: 50 },
      }),
    );
    expect(seen.at(-1)).toMatchObject({ state: 'SUCCEEDED', endedAt: expect.any(String), error: null });
    expect(seen.filter(({ state }) => state === 'SUCCEEDED')).toHaveLength(1);
    client.close();
  });

  it('of one that has ended is one event', async () => {
    await begin();
    const id = await startJob();
    work.fail(new JobFailure('INPUT_UNREADABLE', 'The input is empty.'));
    const client = createClient(gateway.url);
    await client.follow(following(id));
    const { results, error } = await client.follow(following(id));
    expect(error).toBeUndefined();
    expect(jobsOf({ results })).toMatchObject([
      { state: 'FAILED', error: { code: 'INPUT_UNREADABLE', message: 'The input is empty.' } },
    ]);
    client.close();
  });

  it.each(['jobs/nothing', 'nothing', 'featurestores/shop'])('of no job is JOB_NOT_FOUND: %s', async (id) => {
    await begin();
    const client = createClient(gateway.url);
    const [error] = collectErrors(await client.follow(following(id)));
    expect(error.extensions).toMatchObject({ code: 'JOB_NOT_FOUND', field: 'id' });
    client.close();
  });

  it('seen again later begins with how far the job is by then', async () => {
    await begin();
    const id = await startJob();
    work.begin(10n);
    const client = createClient(gateway.url);
    await client.follow(following(id), ({ data }, end) => {
      if (data.jobProgress.state === 'RUNNING') end();
    });
    work.count(3n).count(3n);
    await until(async () => (await gateway.services.jobs.get(id.slice(5)))?.progress.completed === 6n);
    const outcome = await client.follow(following(id), ({ data }) => {
      if (data.jobProgress.state === 'RUNNING') work.end();
    });
    expect(jobsOf(outcome)[0].progress).toMatchObject({ completed: '6', total: '10' });
    expect(jobsOf(outcome).at(-1).state).toBe('SUCCEEDED');
    client.close();
  });

  it('is no longer watched by a client that has gone', async () => {
    await begin();
    const follows = vi.spyOn(JobWatch.prototype, 'follow');
    const id = await startJob();
    work.begin(10n);
    const client = createClient(gateway.url);
    void client.follow(following(id));
    const watchers = () => (follows.mock.contexts[0] as JobWatch | undefined)?.watchers;
    await until(() => watchers() === 1);
    client.close();
    await until(() => watchers() === 0);
  });

  it('is told to the client that cancels', async () => {
    await begin();
    const id = await startJob();
    work.begin(null).count(2n);
    const client = createClient(gateway.url);
    const cancel = 'mutation ($id: ID!) { cancelJob(input: { id: $id }) { job { id state } userErrors { code } } }';
    let asked: Promise<any> | undefined;
    const outcome = await client.follow(following(id), ({ data }) => {
      if (data.jobProgress.progress.completed === '2') asked ??= gateway.ask(cancel, { id });
    });
    expect((await asked).data.cancelJob).toMatchObject({ job: { id, state: 'CANCELLING' }, userErrors: [] });
    expect(jobsOf(outcome).at(-1)).toMatchObject({
      state: 'CANCELLED',
      progress: { completed: '2', total: null, percent: null },
    });
    client.close();
  });
});

it.each([
  ['WebSocket', webSocketClient],
  ['server-sent events', eventStreamClient],
])('a client that is cut off connects again and loses nothing: %s', async (_name, createClient) => {
  await begin();
  const id = await startJob();
  work.begin(10n);
  const client = createClient(gateway.url, 5);
  let isCut = false;
  const outcome = await client.follow(following(id), ({ data }) => {
    const { state, progress } = data.jobProgress;
    if (state === 'RUNNING' && !isCut) {
      isCut = true;
      work.count(7n);
      gateway.http.cutOff();
    } else if (progress.completed === '7') work.end();
  });
  expect(outcome.error).toBeUndefined();
  expect(jobsOf(outcome).at(-1)).toMatchObject({ state: 'SUCCEEDED', progress: { completed: '7' } });
  client.close();
});

it('a thousand who watch one job cost one watch, and the store no more than one does', async () => {
  const reads = vi.spyOn(LmdbJobStore.prototype, 'get');
  await begin();
  const follows = vi.spyOn(JobWatch.prototype, 'follow');
  const publishes = vi.spyOn(JobWatch.prototype, 'publish');
  const id = await startJob();
  work.begin(10n);
  await until(async () => (await gateway.services.jobs.get(id.slice(5)))?.state === 'RUNNING');
  reads.mockClear();
  publishes.mockClear();

  const sockets = Array.from({ length: 9 }, () => webSocketClient(gateway.url));
  const streams = eventStreamClient(gateway.url);
  let seeing = 0;
  const everyone = [
    ...sockets.flatMap((socket) => Array.from({ length: 100 }, () => socket)),
    ...Array.from({ length: 100 }, () => streams),
  ].map((client) => {
    let isFirst = true;
    return client.follow(following(id), () => {
      if (isFirst) seeing += 1;
      isFirst = false;
    });
  });
  await until(() => seeing === 1000);
  expect(follows).toHaveBeenCalledTimes(1000);
  expect(new Set(follows.mock.contexts).size).toBe(1);
  expect(reads).not.toHaveBeenCalled();

  work.count(5n).end();
  for (const outcome of await Promise.all(everyone)) {
    expect(outcome.error).toBeUndefined();
    expect(jobsOf(outcome).at(-1)).toMatchObject({ state: 'SUCCEEDED', progress: { completed: '5' } });
  }
  // One report and one end, however many were told.
  expect(publishes).toHaveBeenCalledTimes(2);
  for (const client of [...sockets, streams]) client.close();
});
