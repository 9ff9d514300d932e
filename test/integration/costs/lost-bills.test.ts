import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { JobAccounting } from '../../../costs/job-accounting.js';
import { LostBills, type LostBillsOptions } from '../../../costs/lost-bills.js';
import { PrincipalPayer } from '../../../costs/principal-payer.js';
import { BigQueryBilledQueries } from '../../../datasources/offline/bigquery/bigquery-billed-queries.js';
import { LmdbJobStore } from '../../../datasources/job-store/lmdb/lmdb-job-store.js';
import type { OfflineStore } from '../../../datasources/offline/offline-store.js';
import type { QueryPayer } from '../../../datasources/offline/query-payer.js';
import { JobEngine } from '../../../jobs/job-engine.js';
import type { JobControl, JobOutcome } from '../../../jobs/job-handler.js';
import { newJobId } from '../../../jobs/new-job-id.js';
import { CountableWork } from '../../support/countable-work.js';
import { openTestCosts } from '../../support/costs.js';
import type { BigQueryServer } from '../../support/google/bigquery-server/server.js';
import { openTestStore, PROJECT, startBigQuery } from '../../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { CUSTOMER, writeShopHistory } from '../../support/shop-history.js';
import { NOW } from '../../support/small-registry.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { PassThroughClient } from 'google-auth-library';

const LEAST_BYTES = 10_485_760;
/** Of the book for us-central1. */
const PER_BYTE = 6.25 / 2 ** 40;
const MINUTE = 60_000_000n;
const SCAN = { kind: 'SCAN', bytes: 2n ** 40n, isMetered: true, priceBook: null, location: 'us-central1' } as const;

describeWithGoogleSql('the bill of a query whose process ended', () => {
  let server: BigQueryServer;
  let store: OfflineStore;
  let bills: BigQueryBilledQueries;

  beforeAll(async () => {
    server = await startBigQuery(() => NOW);
    server.tables.addDataset(PROJECT, 'features', 'us-central1');
    store = await openTestStore(server, CUSTOMER.entityType.sources, { location: 'us-central1' });
    await writeShopHistory(storeWithoutVisits(store));
    const client = { apiEndpoint: server.endpoint, authClient: new PassThroughClient() };
    bills = new BigQueryBilledQueries({ client, retryDelayMs: 1 });
  });
  afterAll(async () => {
    await store.close();
    await server.stop();
  });
  beforeEach(() => {
    server.jobs.all.clear();
    server.jobs.isHeld = false;
  });

  /** One read of one table, which is one query. */
  const read = (payer: QueryPayer, signal?: AbortSignal) =>
    store.pointInTime({
      entityType: CUSTOMER.entityType,
      labels: [{ entityId: 'ann', time: NOW }],
      features: CUSTOMER.features.filter(({ name }) => name === 'orders_7d'),
      options: {},
      payer,
      signal,
    });

  /** As a process that is killed: nothing happens after BigQuery got the query. */
  const killed = (payer: QueryPayer): QueryPayer => ({
    admit: async (query) => ({ ...(await payer.admit(query)), settle: async () => undefined }),
  });

  async function openBudget(folder = join(temporaryFolder(), 'costs'), dailyBudgets = new Map([['*', 10]])) {
    const costs = await openTestCosts({ folder, dailyBudgets, clock: () => NOW });
    onTestFinished(() => costs.close());
    const usage = async () => {
      const { spent, billedBytes } = await costs.guard.usage('ada');
      return { spent: spent.toNumber(), billedBytes };
    };
    return { folder, costs, usage, payer: new PrincipalPayer(costs, 'ada', () => NOW) };
  }

  async function look(
    costs: Awaited<ReturnType<typeof openTestCosts>>,
    options: Partial<LostBillsOptions> = {},
  ): Promise<LostBills> {
    const lost = new LostBills({
      ledger: costs.ledger,
      queries: bills,
      clock: () => NOW,
      isShared: false,
      onError: (error) => {
        throw error;
      },
      lookEveryMs: 5,
      ...options,
    });
    onTestFinished(() => lost.stop());
    await lost.start();
    return lost;
  }

  const charged = (queries = 1) => ({
    spent: expect.closeTo(queries * LEAST_BYTES * PER_BYTE, 12) as number,
    billedBytes: BigInt(queries * LEAST_BYTES),
  });

  it('is charged at the next start, and what was reserved beyond it is free again', async () => {
    const before = await openBudget();
    await read(killed(before.payer));
    // A sixty-fourth of the budget.
    expect(await before.usage()).toEqual({ spent: 10 / 64, billedBytes: 0n });
    const after = await openBudget(before.folder);
    await (await look(after.costs)).settled();
    await expect.poll(after.usage).toEqual(charged());
    expect(await after.costs.ledger.openWork(10)).toEqual([]);
  });

  it('is counted at the next start, also for a principal without a budget', async () => {
    const before = await openBudget(undefined, new Map());
    await read(killed(before.payer));
    await expect.poll(() => before.costs.ledger.openWork(10)).toHaveLength(1);
    expect(await before.usage()).toEqual({ spent: 0, billedBytes: 0n });
    const after = await openBudget(before.folder, new Map());
    await (await look(after.costs)).settled();
    await expect.poll(after.usage).toEqual(charged());
    expect(await after.costs.ledger.openWork(10)).toEqual([]);
  });

  it('is nothing for a query that never reached BigQuery', async () => {
    const before = await openBudget();
    const query = { project: PROJECT, location: 'us-central1', id: 'never-sent' };
    await before.payer.admit({ query, location: 'us-central1', minimumBytes: BigInt(LEAST_BYTES) });
    const after = await openBudget(before.folder);
    await (await look(after.costs)).settled();
    await expect.poll(after.usage).toEqual({ spent: 0, billedBytes: 0n });
  });

  it('is waited for while the query runs', async () => {
    server.jobs.isHeld = true;
    const before = await openBudget();
    const abort = new AbortController();
    const running = read(killed(before.payer), abort.signal).catch(() => undefined);
    await until(() => server.jobs.all.size === 1);
    const after = await openBudget(before.folder);
    const lost = await look(after.costs);
    await lost.settled();
    expect((await after.usage()).spent).toBe(10 / 64);
    abort.abort();
    await running;
    await expect.poll(after.usage).toEqual(charged());
  });

  it('stays reserved, and is asked for again, while BigQuery does not answer', async () => {
    const before = await openBudget();
    await read(killed(before.payer));
    server.faults.inject('accessDenied', /GET .*\/jobs\//, 2);
    const after = await openBudget(before.folder);
    const errors: unknown[] = [];
    await look(after.costs, { onError: (error) => errors.push(error) });
    await expect.poll(after.usage).toEqual(charged());
    // The store itself asked for the bill as well, and met one of the faults.
    expect(errors.length).toBeGreaterThan(0);
  });

  it('is not touched by another gateway that could be about to begin the query', async () => {
    const one = await openBudget();
    const query = { project: PROJECT, location: 'us-central1', id: 'not-sent-yet' };
    await one.payer.admit({ query, location: 'us-central1', minimumBytes: BigInt(LEAST_BYTES) });
    const reserved = { spent: 10 / 64, billedBytes: 0n };
    let now = NOW + 9n * MINUTE;
    await (await look(one.costs, { isShared: true, clock: () => now })).settled();
    expect(await one.usage()).toEqual(reserved);
    now = NOW + 10n * MINUTE;
    await expect.poll(one.usage).toEqual({ spent: 0, billedBytes: 0n });
  });

  it('of a preview is the sum of its queries', async () => {
    const before = await openBudget();
    const accounting = new JobAccounting(before.costs, () => NOW);
    const cost = await accounting.admitAtOnce(SCAN, { createdBy: 'ada' });
    expect(await before.usage()).toEqual({ spent: 6.25, billedBytes: 0n });
    const payer: QueryPayer = {
      admit: async ({ query }) => {
        await accounting.begin(cost, query);
        return { maximumBytes: null, settle: async () => undefined, refusal: async () => expect.unreachable() };
      },
    };
    await read(payer);
    await read(payer);
    // Another gateway cannot know whether a third query follows.
    const shared = await look(before.costs, { isShared: true });
    await shared.settled();
    expect(await before.usage()).toEqual({ spent: 6.25, billedBytes: 0n });
    await shared.stop();
    const after = await openBudget(before.folder);
    await (await look(after.costs)).settled();
    await expect.poll(after.usage).toEqual(charged(2));
  });

  it('of a job is in the cost of the job, which resumes', async () => {
    const { folder, costs } = await openBudget();
    const jobs = join(folder, '../jobs');
    const work = new Reading(async (payer, attempt) => {
      await read(attempt === 1 ? killed(payer) : payer);
    });
    const open = () =>
      new JobEngine({
        store: new LmdbJobStore(jobs),
        handlers: [work],
        clock: () => NOW,
        newId: newJobId,
        maxRunning: 1,
        accounting: new JobAccounting(costs, () => NOW),
        billedQueries: bills,
        onError: (error) => {
          throw error;
        },
      });
    const first = open();
    const { id } = await first.start(work, {
      createdBy: 'ada',
      idempotencyKey: null,
      displayName: null,
      labels: {},
      spec: null,
      work: async () => SCAN,
    });
    await until(() => work.isWaiting);
    expect((await first.get(id))!.cost).toMatchObject({ billedBytes: 0n, openQueries: [{ location: 'us-central1' }] });
    await first.stop();
    const second = open();
    onTestFinished(() => second.stop());
    await second.resume();
    await until(async () => (await second.get(id))!.state === 'SUCCEEDED');
    const { cost } = (await second.get(id))!;
    expect(cost).toMatchObject({ billedBytes: BigInt(2 * LEAST_BYTES), isSettled: true });
    expect(cost).not.toHaveProperty('openQueries');
    expect((await costs.guard.usage('ada')).billedBytes).toBe(BigInt(2 * LEAST_BYTES));
  });
});

/** Runs a query, and at its first attempt does not end. */
class Reading extends CountableWork {
  isWaiting = false;
  #attempt = 0;

  constructor(private readonly query: (payer: QueryPayer, attempt: number) => Promise<void>) {
    super('READING');
  }

  override async run(_job: unknown, control: JobControl): Promise<JobOutcome> {
    this.#attempt += 1;
    await this.query(control.payer, this.#attempt);
    if (this.#attempt === 1) {
      this.isWaiting = true;
      await new Promise((_resolve, reject) => {
        control.signal.addEventListener('abort', () => reject(new Error('stopped')));
      });
    }
    return { state: 'SUCCEEDED', result: null, progress: { completed: 0n, failed: 0n, total: null } };
  }
}

/** The history of the shop, without the entity type that this store has not. */
function storeWithoutVisits(store: OfflineStore): OfflineStore {
  return new Proxy(store, {
    get: (target, name) => {
      if (name !== 'append') return Reflect.get(target, name) as unknown;
      return async (...[source, rows]: Parameters<OfflineStore['append']>) =>
        CUSTOMER.entityType.sources.includes(source) ? target.append(source, rows) : { appended: 0, rejected: [] };
    },
  });
}
