import { expect, it, onTestFinished } from 'vitest';
import { RawSocket } from '../support/stream-clients.js';
import { startStreamServer, streamSchema, type StreamServer } from '../support/stream-server.js';
import { until } from '../support/until.js';

const SUBSCRIPTIONS = 50;
const MAX_UNSENT_EVENTS = 3;
const EVENT = 'x'.repeat(3_145_728);
const isComplete = ({ type }: { readonly type: string }): boolean => type === 'complete';

/** Each subscription has one large event, after the call of `begin`. */
async function startLargeEvents(): Promise<{
  server: StreamServer;
  counts: { waiting: number; made: number };
  begin: () => void;
}> {
  const begun = Promise.withResolvers<undefined>();
  const counts = { waiting: 0, made: 0 };
  const schema = streamSchema('type Query { a: Int } type Subscription { large: String small: String }', {
    large: async function* () {
      counts.waiting += 1;
      await begun.promise;
      yield () => {
        counts.made += 1;
        return EVENT;
      };
    },
    small: async function* () {
      yield 'small';
    },
  });
  const server = await startStreamServer(schema, { limits: { maxUnsentEvents: MAX_UNSENT_EVENTS } });
  onTestFinished(() => server.close());
  return { server, counts, begin: () => begun.resolve(undefined) };
}

async function subscribe({ url }: StreamServer, count: number, query: string): Promise<RawSocket> {
  const client = await RawSocket.open(url);
  onTestFinished(() => client.socket.terminate());
  client.send({ type: 'connection_init' });
  await until(() => client.messages.length === 1);
  for (let id = 0; id < count; id += 1) client.send({ id: String(id), type: 'subscribe', payload: { query } });
  return client;
}

/** A client that has subscribed, and then reads nothing of what comes. */
async function subscribeSilently(large: Awaited<ReturnType<typeof startLargeEvents>>): Promise<RawSocket> {
  const silent = await subscribe(large.server, SUBSCRIPTIONS, 'subscription { large }');
  await until(() => large.counts.waiting === SUBSCRIPTIONS);
  silent.socket.pause();
  large.begin();
  await until(() => large.counts.made >= MAX_UNSENT_EVENTS);
  return silent;
}

it('of a WebSocket that reads nothing, the gateway holds a few events, and not one of each subscription', async () => {
  const large = await startLargeEvents();
  const silent = await subscribeSilently(large);
  const other = await subscribe(large.server, 1, 'subscription { small }');
  await until(() => other.messages.some(isComplete));
  // The kernel takes some megabytes for a reader that does not read.
  expect(large.counts.made).toBeLessThan(SUBSCRIPTIONS / 2);

  silent.socket.resume();
  await until(() => silent.messages.filter(isComplete).length === SUBSCRIPTIONS);
  expect(silent.messages.filter((message) => message.payload?.data?.large === EVENT)).toHaveLength(SUBSCRIPTIONS);
});

it('subscriptions whose events wait for a slot end with their socket', async () => {
  const large = await startLargeEvents();
  const silent = await subscribeSilently(large);
  silent.socket.terminate();
  await until(async () => /^featuregraph_open_subscriptions 0$/m.test(await large.server.metrics.metrics()));
});
