import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { it, onTestFinished } from 'vitest';
import { ask } from '../../support/ask.js';
import { describeWithKafka, useKafka } from '../../support/streams/kafka-broker.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { startRegistryGateway } from '../../support/registry-gateway.js';

const STREAMS = '{ featurestore(name: "shop") { streams { name state written } } }';
const VALUE =
  '{ entity(featurestore: "shop", entityType: "customer", entityId: "c") { features(names: ["count"]) { value } } }';

describeWithKafka('a registry that is applied', () => {
  const kafka = useKafka();

  const send = (topic: string, count: number) =>
    kafka.producer.send({
      messages: [{ topic, value: Buffer.from(JSON.stringify({ id: 'c', at: Date.UTC(2001, 0, count), count })) }],
    });

  it('starts the streams that are new, stops those that are gone, and leaves the others running', async () => {
    const folder = temporaryFolder();
    const [kept, moving] = [`kept-${randomUUID()}`, `moving-${randomUUID()}`];
    const dead = `dead-${randomUUID()}`;
    await kafka.admin.createTopics({ topics: [kept, moving, dead], partitions: 1, replicas: 1 });
    const stream = (name: string, topic: string): string => `
      - name: ${name}
        entityType: customer
        from: { kind: KAFKA, bootstrapServers: ["${kafka.server}"], topic: ${topic}, groupId: ${topic}, deadLetterTopic: ${dead} }
        format: JSON
        entityId: [id]
        timestamp: { path: at, format: EPOCH_MILLIS }
        features: { count: count }`;
    const write = (streams: string, description: string): void =>
      writeFileSync(
        join(folder, 'registry.yaml'),
        `featurestores:
  - name: shop
    description: ${description}
    entityTypes:
      - name: customer
        sources: [{ name: orders, features: [{ name: count, valueType: INT64 }] }]
    streams:${streams}\n`,
      );
    write(stream('kept', kept), 'One stream.');
    const gateway = await startRegistryGateway(folder);
    onTestFinished(() => gateway.stop());
    /** They are counted a moment after their values are served. */
    const untilStreams = (written: Readonly<Record<string, string>>): Promise<void> => {
      const expected = Object.entries(written).map(([name, count]) => ({ name, state: 'RUNNING', written: count }));
      return until(async () => isDeepStrictEqual((await ask(gateway.url, STREAMS)).featurestore.streams, expected));
    };
    const untilServed = (count: number): Promise<void> =>
      until(async () => (await ask(gateway.url, VALUE)).entity.features[0].value === String(count));
    await send(kept, 1);
    await untilServed(1);

    write(stream('kept', kept) + stream('moving', moving), 'Two streams.');
    await gateway.reload();
    await send(moving, 2);
    await untilServed(2);
    // What it wrote is counted still: it was not started again.
    await untilStreams({ kept: '1', moving: '1' });

    write(stream('moving', moving), 'Another stream.');
    await gateway.reload();
    await send(kept, 4);
    await send(moving, 3);
    await untilServed(3);
    await untilStreams({ moving: '2' });

    write(stream('moving', moving) + stream('kept', kept), 'Two streams again.');
    await gateway.reload();
    // The message waited at the broker.
    await untilServed(4);
  });
});
