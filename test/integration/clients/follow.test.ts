import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { follow } from '../../../examples/clients/follow.js';
import { formatInstant } from '../../../values/instant.js';
import { NOW, smallRegistry, T } from '../../support/small-registry.js';
import { startStoreGateway, type StoreGateway } from '../../support/store-gateway.js';
import { until } from '../../support/until.js';

let gateway: StoreGateway;
beforeEach(async () => {
  gateway = await startStoreGateway(smallRegistry(), {}, () => NOW);
});
afterEach(() => gateway.close());

async function write(city: string, seconds: number): Promise<void> {
  const row = { entityType: 'customer', entityId: 'a', timestamp: formatInstant(T(seconds)) };
  const input = { featurestore: 'shop', rows: [{ ...row, values: [{ feature: 'city', value: city }] }] };
  const { data } = await gateway.ask(
    'mutation ($input: WriteFeatureValuesInput!) { writeFeatureValues(input: $input) { written } }',
    { input },
  );
  expect(data.writeFeatureValues.written).toBe(1);
}

it('the loop of the example has each value once, whenever its connection is lost', async () => {
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    client.pipe(server).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  const lose = (): void => sockets.forEach((socket) => socket.destroy());

  const seen: unknown[] = [];
  let events = 0;
  const ended = new Error('the test is over');
  const following = follow(
    `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/graphql`,
    ['a'],
    ({ written }) => {
      events += 1;
      seen.push(...written.map(({ value }) => value));
      if (seen.includes('last')) throw ended;
    },
  );
  following.catch(() => undefined);
  await until(() => events > 0);
  await write('one', -30);
  await until(() => seen.includes('one'));
  lose();
  await write('two', -20);
  await until(() => seen.includes('two'));
  lose();
  await write('last', -10);
  await expect(following).rejects.toBe(ended);
  expect(seen).toEqual(['one', 'two', 'last']);
});

it('the loop of the example ends with the error of a refused subscription', async () => {
  await expect(follow(gateway.url, [], () => undefined)).rejects.toThrow('BAD_USER_INPUT');
});
