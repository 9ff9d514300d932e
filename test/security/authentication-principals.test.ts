import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../auth/api-keys/manage-keys.js';
import { Decimal } from '../../costs/decimal.js';
import { systemClock } from '../../values/clock.js';
import { bearer, startGuardedGateway, type GuardedGateway } from '../support/guarded-gateway.js';
import { RawSocket } from '../support/stream-clients.js';
import { until } from '../support/until.js';

const READ =
  '{ entity(featurestore: "shop", entityType: "customer", entityId: "a") { features(names: ["orders_7d"]) { value } } }';

async function keyOf(guarded: GuardedGateway, name: string): Promise<string> {
  const { key } = await createKey(guarded.keyFile, {
    name,
    groups: [],
    claims: {},
    expiresAt: null,
    isRotation: false,
    now: systemClock(),
  });
  await until(async () => (await guarded.ask('{ viewer { name } }', bearer(key))).status === 200);
  return key;
}

describe('two principals', () => {
  let guarded: GuardedGateway;
  let alice: string;
  let bob: string;
  beforeAll(async () => {
    guarded = await startGuardedGateway(
      { apiKeys: {} },
      {
        gateway: {
          costs: {
            dailyBudgets: new Map([
              ['key:alice', 5],
              ['*', 1],
            ]),
          },
        },
      },
    );
    alice = await keyOf(guarded, 'alice');
    bob = await keyOf(guarded, 'bob');
  });
  afterAll(() => guarded.close());

  it('never share a read or a plan, also when they ask the same at the same time', async () => {
    const query = `{ viewer { name } ${READ.slice(1)}`;
    // Compiled plans are made with the second request.
    for (let round = 0; round < 3; round += 1) {
      const before = guarded.gateway.reads.online.length;
      const answers = await Promise.all([alice, bob, alice, bob].map((key) => guarded.ask(query, bearer(key))));
      expect(answers.map(({ data }) => data.viewer.name)).toEqual(['key:alice', 'key:bob', 'key:alice', 'key:bob']);
      expect(guarded.gateway.reads.online.length - before).toBe(4);
    }
  });

  it('are not taken for each other when requests with right and wrong keys alternate', async () => {
    const wrong = `${alice.slice(0, -3)}AAA`;
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        guarded.ask('{ viewer { name } }', bearer([alice, wrong, bob][index % 3]!)),
      ),
    );
    for (const [index, { status, data }] of answers.entries()) {
      if (index % 3 === 1) expect(status).toBe(401);
      else expect(data.viewer.name).toBe(index % 3 === 0 ? 'key:alice' : 'key:bob');
    }
  });

  it('own their jobs, and have keys of idempotency of their own', async () => {
    const sync = (key: string) =>
      guarded.ask(
        `mutation { syncFeatureView(input: { featurestore: "shop", featureView: "basket", idempotencyKey: "once" }) {
          job { id createdBy } userErrors { message } } }`,
        bearer(key),
      );
    const first = (await sync(alice)).data.syncFeatureView;
    expect(first).toMatchObject({ job: { createdBy: 'key:alice' }, userErrors: [] });
    expect((await sync(alice)).data.syncFeatureView.job.id).toBe(first.job.id);
    const other = (await sync(bob)).data.syncFeatureView.job;
    expect(other.createdBy).toBe('key:bob');
    expect(other.id).not.toBe(first.job.id);
  });

  it('have budgets of their own, which viewer shows', async () => {
    const budget = '{ viewer { budget { day budget { currency amount } spent { amount } } } }';
    const day = new Date().toISOString().slice(0, 10);
    const shown = (await guarded.ask(budget, bearer(alice))).data.viewer.budget;
    expect(shown).toMatchObject({ budget: { currency: 'USD', amount: 5 } });
    expect([day, new Date().toISOString().slice(0, 10)]).toContain(shown.day);
    await guarded.gateway.services.costs.guard.admit({
      principal: 'key:bob',
      estimate: { total: new Decimal('0.25'), lines: [], assumptions: [] } as never,
      maxCostUsd: null,
    });
    expect((await guarded.ask(budget, bearer(bob))).data.viewer.budget).toMatchObject({
      budget: { amount: 1 },
      spent: { amount: 0.25 },
    });
    expect((await guarded.ask(budget, bearer(alice))).data.viewer.budget.spent.amount).toBe(0);
  });

  it('are counted by their kind, and never by their name', async () => {
    const text = await guarded.gateway.metrics.metrics();
    expect(text).toMatch(/featuregraph_authentications_total\{principal="API_KEY",outcome="ok"\} \d+/);
    expect(text).toMatch(/featuregraph_authentications_total\{principal="none",outcome="invalid"\} \d+/);
    expect(text).toMatch(/graphql_operation_duration_seconds_count\{type="query",outcome="ok",principal="API_KEY"\}/);
    expect(text).not.toMatch(/alice|bob/);
  });
});

describe('the rate of a principal', () => {
  it('refuses requests over it with 429, over every transport, and none of another principal', async () => {
    const guarded = await startGuardedGateway({ apiKeys: {} }, { rates: { maxRequestsPerSecond: 20 } });
    try {
      const loud = await keyOf(guarded, 'loud');
      const quiet = await keyOf(guarded, 'quiet');
      const socket = await RawSocket.open(guarded.gateway.url);
      socket.send({ type: 'connection_init', payload: bearer(loud) });
      await until(() => socket.messages.length === 1);
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => guarded.ask('{ viewer { name } }', bearer(loud))),
      );
      const refused = answers.filter(({ status }) => status === 429);
      // 100 requests may reach into a second window, or a third on a slow machine.
      expect(refused.length).toBeGreaterThan(0);
      expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(1);
      expect(refused[0]!.errors![0]!.extensions).toMatchObject({
        code: 'RATE_LIMITED',
        retryable: true,
        retryAfterSeconds: 1,
      });
      expect(refused[0]!.headers.get('retry-after')).toBe('1');
      expect((await guarded.ask('{ viewer { name } }', bearer(quiet))).status).toBe(200);
      for (let id = 0; id < 60; id += 1) {
        socket.send({ id: `s${id}`, type: 'subscribe', payload: { query: 'subscription { none }' } });
      }
      await until(() => socket.messages.length === 61);
      const codes = socket.messages.slice(1).map(({ payload }) => payload[0].extensions.code);
      expect(new Set(codes)).toContain('RATE_LIMITED');
      socket.socket.close();
    } finally {
      await guarded.close();
    }
  });

  it('reads rows more slowly instead of refusing them', async () => {
    const guarded = await startGuardedGateway({ apiKeys: {} }, { rates: { maxRowsPerSecond: 1_000 } });
    try {
      const key = await keyOf(guarded, 'rows');
      const rows = Array.from({ length: 2_500 }, (_, row) =>
        JSON.stringify({ entityId: `e${row}`, timestamp: '2001-09-09T01:46:40Z', values: { orders_7d: row } }),
      );
      const start = performance.now();
      const response = await guarded.ingest(rows.join('\n'), bearer(key));
      expect((await response.text()).trim().split('\n').at(-1)).toBe(
        '{"done":{"lines":2500,"written":2500,"duplicates":0,"quarantined":0,"refused":0}}',
      );
      // The third thousand waits for the third second: at least one whole second passes, however fast the machine is.
      expect(performance.now() - start).toBeGreaterThan(900);
    } finally {
      await guarded.close();
    }
  });
});
