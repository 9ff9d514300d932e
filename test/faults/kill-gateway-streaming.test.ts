import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ask } from '../support/ask.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { describeWithKafka, freePorts, useKafka } from '../support/streams/kafka-broker.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const CUSTOMERS = 5;
const MESSAGES = 1_500;
const START = Date.parse('2001-01-01T00:00:00Z');
const at = (number: number): string => new Date(START + number * 1000).toISOString();

const STATUS = `{ featurestore(name: "shop") { streams {
  name kind state lagMessages written duplicates deadLettered lastError { code } } } }`;
const VALUES = `query ($ids: [ID!]!, $asOf: DateTime) {
  entities(featurestore: "shop", entityType: "customer", entityIds: $ids, asOf: $asOf) { features { value } }
}`;

describeWithKafka('a gateway that reads Kafka', () => {
  const kafka = useKafka();

  /** Message n is row n of customer n % CUSTOMERS. */
  const send = (topic: string, numbers: readonly number[]) =>
    kafka.producer.send({
      messages: numbers.map((number) => ({
        topic,
        key: Buffer.from(`c${number % CUSTOMERS}`),
        value: Buffer.from(JSON.stringify({ id: `c${number % CUSTOMERS}`, at: START + number * 1000, count: number })),
      })),
    });

  it('serves the messages, tells how its streams are, and loses none when it is killed before it acknowledges', async () => {
    const folder = temporaryFolder();
    const topic = `orders-${randomUUID()}`;
    await kafka.admin.createTopics({ topics: [topic, `${topic}-dead`], partitions: 1, replicas: 1 });
    writeFileSync(
      join(folder, 'registry.yaml'),
      `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources: [{ name: orders, features: [{ name: count, valueType: INT64 }] }]
    streams:
      - name: orders
        entityType: customer
        from: { kind: KAFKA, bootstrapServers: ["${kafka.server}"], topic: ${topic}, groupId: ${topic}, deadLetterTopic: ${topic}-dead }
        format: JSON
        entityId: [id]
        timestamp: { path: at, format: EPOCH_MILLIS }
        features: { count: count }
`,
    );
    const [metricsPort] = await freePorts(1);
    const serve = async (): Promise<GatewayProcess> => {
      const started = await startGatewayProcess({
        FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
        FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
        METRICS_PORT: String(metricsPort),
      });
      onTestFinished(() => void started.child.kill('SIGKILL'));
      return started;
    };
    let gateway = await serve();
    const readStream = async () => (await ask(gateway.url, STATUS, {})).featurestore.streams[0];
    const readValues = async (variables: object): Promise<number[]> => {
      const { entities } = await ask(gateway.url, VALUES, variables as Record<string, unknown>);
      return entities.map(({ features: [count] }: any) => Number(count.value));
    };
    const ids = Array.from({ length: CUSTOMERS }, (_, customer) => `c${customer}`);
    await until(async () => (await readStream()).state === 'RUNNING');

    const numbers = Array.from({ length: MESSAGES }, (_, number) => number);
    await send(topic, numbers);
    // Each message is acknowledged after the write of its whole batch: written and still waiting is the moment between.
    let before: any;
    await until(async () => {
      before = await readStream();
      return Number(before.written) > 0 && Number(before.lagMessages) > 0;
    });
    await gateway.kill();

    gateway = await serve();
    // The broker gives the partition to the new process when the session of the killed one has ended: 10 s.
    await until(async () => {
      const { lagMessages, written, duplicates } = await readStream();
      return lagMessages === '0' && Number(written) + Number(duplicates) > 0;
    });
    const after = await readStream();
    expect(after).toMatchObject({
      name: 'orders',
      kind: 'KAFKA',
      state: 'RUNNING',
      deadLettered: '0',
      lastError: null,
    });
    const newest = ids.map((_, customer) => MESSAGES - CUSTOMERS + customer);
    expect(await readValues({ ids })).toEqual(newest);
    for (const number of [CUSTOMERS, MESSAGES / 2, MESSAGES - 1]) {
      const asOf = at(number);
      const expected = ids.map((_, customer) => number - ((number - customer) % CUSTOMERS));
      expect(await readValues({ ids, asOf })).toEqual(expected);
    }
    // Every message is in the history: nothing is lost. Some reads at once, since each is a request.
    for (let first = 0; first < MESSAGES; first += 50) {
      const some = numbers.slice(first, first + 50);
      const read = await Promise.all(
        some.map((number) => readValues({ ids: [`c${number % CUSTOMERS}`], asOf: at(number) })),
      );
      expect(read.flat()).toEqual(some);
    }
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const labels = 'featurestore="shop",stream="orders"';
    expect(metrics).toContain(`featuregraph_stream_up{${labels}} 1`);
    expect(metrics).toContain(`featuregraph_stream_messages_total{${labels},outcome="duplicate"} ${after.duplicates}`);
    expect(metrics).toContain(`featuregraph_stream_lag_messages{${labels}} 0`);
    expect(await gateway.stop()).toBe(0);
    console.log(
      `${MESSAGES} messages; written before the kill at least ${before.written}, ` +
        `after it ${after.written} and ${after.duplicates} again`,
    );
  }, 120_000);
});
