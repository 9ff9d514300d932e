import { expect, it } from 'vitest';
import { shutDown } from '../../../server/shutdown.js';
import { CountableWork } from '../../support/countable-work.js';
import { until } from '../../support/until.js';
import { smallRegistry } from '../../support/small-registry.js';
import { eventStreamClient, RawSocket, webSocketClient } from '../../support/stream-clients.js';
import { startTestGateway } from '../../support/test-gateway.js';

it('a gateway that stops does not wait for those who follow a job; the job is taken up by the next', async () => {
  const work = new CountableWork('TRAINING_SET').begin(10n).count(3n);
  const gateway = await startTestGateway(smallRegistry(), { handlers: [work] });
  const { jobs } = gateway.services;
  const { id } = await jobs.start(work, {
    spec: null,
    displayName: null,
    labels: {},
    createdBy: null,
    idempotencyKey: null,
  });
  const operation = {
    query: 'subscription ($id: ID!) { jobProgress(id: $id) { state } }',
    variables: { id: `jobs/${id}` },
  };
  const clients = [webSocketClient(gateway.url), eventStreamClient(gateway.url)];
  let seeing = 0;
  const outcomes = clients.map((client) => client.follow(operation, () => (seeing += 1)));
  const silent = await RawSocket.open(gateway.url);
  // What the clients see first is the job as it was made: it runs a moment later.
  await until(async () => seeing >= 2 && (await jobs.get(id))?.state === 'RUNNING');

  const order: string[] = [];
  await shutDown({
    http: gateway.http,
    drain: () => order.push('not ready'),
    delayMs: 0,
    graceMs: 10_000,
    thenStop: [async () => void order.push('the rest')],
  });
  expect(order).toEqual(['not ready', 'the rest']);
  expect(await silent.closed).toMatchObject({ code: 1001 });
  // Neither was told that the job had ended: both know that there is more.
  const [socket, stream] = await Promise.all(outcomes);
  expect(socket!.error).toMatchObject({ code: 1001 });
  expect(stream!.error).toBeDefined();
  expect((await jobs.get(id))?.state).toBe('RUNNING');
  await gateway.close();
});
