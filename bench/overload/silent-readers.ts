import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';

const ENTITIES = Array.from({ length: 1_000 }, (_, index) => `t${index}`);

/** The first event has all values of the entities, about two megabytes. */
const SUBSCRIPTION = {
  query: `subscription ($ids: [ID!]!) { featureValues(featurestore: "bench", entityType: "thing", entityIds: $ids) {
    entities { entityId features { name value status timestamp } } } }`,
  variables: { ids: ENTITIES },
};

/** Event streams whose reader takes nothing. */
export async function silentEventStreams(url: string, count: number): Promise<void> {
  const { hostname, port } = new URL(url);
  const body = JSON.stringify(SUBSCRIPTION);
  for (let index = 0; index < count; index += 1) {
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.pause();
    socket.on('error', () => undefined);
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\naccept: text/event-stream\r\n` +
        `content-length: ${body.length}\r\n\r\n${body}`,
    );
  }
}

/** WebSockets whose reader takes nothing after the acknowledgement. */
export async function silentWebSockets(url: string, count: number, subscriptions: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
    socket.on('error', () => undefined);
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    socket.pause();
    for (let id = 0; id < subscriptions; id += 1) {
      socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload: SUBSCRIPTION }));
    }
  }
}
