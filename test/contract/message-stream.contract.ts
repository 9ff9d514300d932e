import { afterEach, describe, expect, it } from 'vitest';
import type { MessageStream } from '../../datasources/streams/message-stream.js';
import type { StreamSettings } from '../../datasources/registry/stream-settings.js';
import type { Violation } from '../../ingestion/expectations/find-violations.js';
import type { IncomingRow, RowFault } from '../../ingestion/feature-writer.js';
import { createMapping } from '../../ingestion/streams/map-message.js';
import { StreamConsumer } from '../../ingestion/streams/stream-consumer.js';
import { checkRows } from '../../ingestion/writes/check-rows.js';
import { systemClock } from '../../values/clock.js';
import { MemoryWriter, storeDown } from '../support/memory-writer.js';
import { testRegistry } from '../support/test-registry.js';
import { until } from '../support/until.js';

export interface SentMessage {
  readonly data: string;
  readonly key?: string;
  readonly attributes?: Record<string, string>;
}

export interface DeadLetter {
  readonly data: string;
  readonly attributes: Record<string, string>;
}

/** A broker with topics for one test. */
export interface BrokerLab {
  /** Whether the broker tells how many messages wait. */
  readonly tellsLag: boolean;
  createTopics(): Promise<StreamSettings>;
  send(settings: StreamSettings, messages: readonly SentMessage[]): Promise<void>;
  open(settings: StreamSettings, limits?: { maxMessages: number; maxBytes: number }): Promise<MessageStream>;
  deadLetters(settings: StreamSettings, count: number): Promise<DeadLetter[]>;
}

const order = (customer: string, orders: unknown = 1, second = 0): SentMessage => ({
  data: JSON.stringify({ customer: { id: customer }, at: 1_000_000_000_000 + second * 1000, orders }),
  key: customer,
});

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `c${index}`);

/** What every adapter of MessageStream does, alone and under a StreamConsumer. */
export function messageStreamContract(lab: () => BrokerLab): void {
  const open: { stop: () => Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.stop()));
  });

  async function start(
    settings: StreamSettings,
    writer: MemoryWriter,
    {
      ordered = true,
      source = () => lab().open(settings),
    }: { ordered?: boolean; source?: () => Promise<MessageStream> } = {},
  ): Promise<StreamConsumer> {
    const consumer = createConsumer(settings, writer, ordered, source);
    open.push(consumer);
    consumer.start();
    return consumer;
  }

  describe('a stream of messages', () => {
    it('writes each message once it arrives, and acknowledges it', async () => {
      const settings = await lab().createTopics();
      const writer = new MemoryWriter();
      const consumer = await start(settings, writer);
      await lab().send(
        settings,
        ids(50).map((id) => order(id)),
      );
      await until(() => writer.durable.size === 50 && consumer.status.oldestWaiting === null);
      expect(consumer.status).toMatchObject({
        state: 'RUNNING',
        counts: { received: 50, written: 50, duplicates: 0, quarantined: 0, deadLettered: 0 },
        lastError: null,
      });
      if (lab().tellsLag) await until(async () => (await consumer.lag()) === 0n);
      else expect(await consumer.lag()).toBeNull();
    });

    it('goes on after a stop where it was, without a message lost, and at most repeats what it had', async () => {
      const settings = await lab().createTopics();
      const first = new MemoryWriter();
      const consumer = await start(settings, first);
      await lab().send(
        settings,
        ids(20).map((id) => order(id)),
      );
      await until(() => first.durable.size === 20 && consumer.status.oldestWaiting === null);
      await consumer.stop();
      await lab().send(settings, [order('later')]);
      const second = new MemoryWriter();
      await start(settings, second);
      await until(() => second.entityIds.includes('later'));
      // A broker delivers at least once: an acknowledgement that was lost at the stop repeats a message, which the writer knows.
      expect(second.entityIds.filter((entityId) => !first.entityIds.includes(entityId))).toEqual(['later']);
    });

    it('keeps the order of the messages of a key', async () => {
      const settings = await lab().createTopics();
      const writer = new MemoryWriter();
      await start(settings, writer);
      const sent = Array.from({ length: 60 }, (_, index) => order(`c${index % 3}`, index, index));
      await lab().send(settings, sent);
      await until(() => writer.durable.size === 60);
      for (const id of ids(3)) {
        const times = [...writer.durable.values()]
          .filter(({ entityId }) => entityId === id)
          .map((row) => row.timestamp!);
        expect(times).toEqual([...times].sort((one, other) => Number(one - other)));
      }
    });

    it('acknowledges a message that was sent twice, and writes it once', async () => {
      const settings = await lab().createTopics();
      const writer = new MemoryWriter();
      const consumer = await start(settings, writer);
      await lab().send(settings, [order('a'), order('a'), order('b')]);
      await until(() => consumer.status.counts.received === 3 && consumer.status.oldestWaiting === null);
      expect(consumer.status.counts).toMatchObject({ written: 2, duplicates: 1 });
    });

    it('sends what cannot be written to the dead-letter topic with the reason, and writes the rest', async () => {
      const settings = await lab().createTopics();
      const writer = new MemoryWriter();
      writer.findFault = ({ entityId }) =>
        entityId === 'refused'
          ? { part: { kind: 'VALUE', feature: 'orders' }, code: 'BAD_USER_INPUT', message: 'Too many orders.' }
          : undefined;
      const consumer = await start(settings, writer);
      await lab().send(settings, [
        order('a'),
        { data: 'no json', key: 'a', attributes: { origin: 'till 7' } },
        order('b', 'seven'),
        order('refused'),
        order('d'),
      ]);
      const letters = await lab().deadLetters(settings, 3);
      await until(() => consumer.status.oldestWaiting === null && consumer.status.counts.received === 5);
      expect(writer.entityIds.sort()).toEqual(['a', 'd']);
      const byData = new Map(letters.map(({ data, attributes }) => [data, attributes]));
      expect(byData.get('no json')).toMatchObject({
        origin: 'till 7',
        'featuregraph.code': 'BAD_USER_INPUT',
        'featuregraph.message': 'This is not JSON.',
      });
      expect(byData.get('no json')!['featuregraph.position']).toMatch(/.+\/.+/);
      expect(byData.get(order('b', 'seven').data)).toMatchObject({ 'featuregraph.field': 'orders' });
      expect(byData.get(order('refused').data)).toMatchObject({
        'featuregraph.message': 'Too many orders.',
        'featuregraph.field': 'values.orders',
      });
      expect(consumer.status.counts).toMatchObject({ written: 2, deadLettered: 3 });
    });

    it('sends a value that the registry rejects to the dead-letter topic, and acknowledges one of the quarantine', async () => {
      const settings = await lab().createTopics();
      const writer = new MemoryWriter();
      const faults = new Map<IncomingRow, RowFault>();
      const quarantined = new Map<IncomingRow, readonly Violation[]>();
      writer.beforeWrite = async ({ entityType, rows }) => {
        const checked = await checkRows(entityType, rows, systemClock());
        for (const fault of checked.faults) faults.set(rows[fault.row]!, fault);
        for (const { row, violations } of checked.quarantined) quarantined.set(rows[row]!, violations);
      };
      writer.findFault = (row) => faults.get(row);
      writer.findViolations = (row) => quarantined.get(row) ?? [];
      const consumer = await start(settings, writer);
      await lab().send(settings, [order('a', 5), order('b', 5_000_001), order('c', 50_001)]);
      const [letter] = await lab().deadLetters(settings, 1);
      await until(() => consumer.status.oldestWaiting === null && consumer.status.counts.received === 3);
      expect(writer.entityIds).toEqual(['a']);
      expect(letter).toMatchObject({
        data: order('b', 5_000_001).data,
        attributes: {
          'featuregraph.code': 'EXPECTATION_VIOLATED',
          'featuregraph.message': 'The value of "orders" is not as expected: at most 1000000.',
          'featuregraph.field': 'values.orders',
        },
      });
      expect(consumer.status.counts).toMatchObject({ written: 1, quarantined: 1, deadLettered: 1 });
    });

    it('keeps a row in the quarantine once while a store does not take another row of its batch', async () => {
      const settings = await lab().createTopics();
      const writer = new MemoryWriter();
      let refusals = 3;
      let quarantined = 0;
      const later = { part: null, code: 'STORE_UNAVAILABLE', message: 'The store did not take the row.' } as const;
      writer.findFault = ({ entityId }) => (entityId === 'late' && (refusals -= 1) >= 0 ? later : undefined);
      writer.findViolations = ({ entityId }) => {
        if (entityId !== 'odd') return [];
        quarantined += 1;
        return [{ feature: 'orders', kind: 'RANGE', action: 'QUARANTINE', message: '' }];
      };
      // No message is taken before all are there, so that they are in one batch of a partition.
      await lab().send(
        settings,
        [order('odd'), order('late'), order('bad')].map((one) => ({ ...one, key: 'one' })),
      );
      const refused = { part: null, code: 'BAD_USER_INPUT', message: 'No.' } as const;
      const { findFault } = writer;
      writer.findFault = (row) => (row.entityId === 'bad' ? refused : findFault(row));
      const consumer = await start(settings, writer);
      await until(() => consumer.status.oldestWaiting === null && consumer.status.counts.received === 3);
      expect(refusals).toBeLessThan(0);
      expect(quarantined).toBe(1);
      expect(consumer.status.counts).toMatchObject({ written: 1, quarantined: 1, deadLettered: 1 });
      expect((await lab().deadLetters(settings, 1))[0]!.data).toBe(order('bad').data);
    });

    it('loses nothing and refuses nothing while a store is down', async () => {
      const settings = await lab().createTopics();
      const writer = new MemoryWriter();
      let isDown = true;
      writer.beforeWrite = async () => {
        if (isDown) throw storeDown();
      };
      const consumer = await start(settings, writer);
      await lab().send(
        settings,
        ids(30).map((id) => order(id)),
      );
      await until(() => writer.requests.length >= 3);
      expect(consumer.status).toMatchObject({ state: 'RETRYING', lastError: { code: 'STORE_UNAVAILABLE' } });
      expect(consumer.status.oldestWaiting).not.toBeNull();
      isDown = false;
      await until(() => writer.durable.size === 30 && consumer.status.oldestWaiting === null);
      expect(consumer.status).toMatchObject({ state: 'RUNNING', counts: { deadLettered: 0 } });
    });

    it('writes a message again when its consumer dies between the write and the acknowledgement', async () => {
      const settings = await lab().createTopics();
      const store = new MemoryWriter();
      // The acknowledgements of the first consumer never leave it, as when its process is killed there.
      const dying = await start(settings, store, {
        source: async () => withoutAcknowledgements(await lab().open(settings)),
      });
      await lab().send(
        settings,
        ids(10).map((id) => order(id)),
      );
      await until(() => store.durable.size === 10);
      await dying.stop();
      const second = await start(settings, store);
      await until(() => second.status.counts.duplicates === 10);
      expect(store.durable.size).toBe(10);
      expect(second.status.counts).toMatchObject({ written: 0, duplicates: 10 });
    });

    it('acknowledges nothing before the writer does', async () => {
      const settings = await lab().createTopics();
      const stuck = new MemoryWriter();
      let release = (): void => undefined;
      const writing = new Promise<void>((resolve) => (release = resolve));
      stuck.beforeAnswer = () => writing;
      const acknowledged: string[] = [];
      await start(settings, stuck, {
        source: async () => withWatchedAcknowledgements(await lab().open(settings), acknowledged),
      });
      await lab().send(settings, [order('a')]);
      await until(() => stuck.durable.size === 1);
      expect(acknowledged).toEqual([]);
      release();
      await until(() => acknowledged.length === 1);
    });

    it('takes a bounded number of messages while the writer waits', async () => {
      const settings = await lab().createTopics();
      const writer = new MemoryWriter();
      let release = (): void => undefined;
      const writing = new Promise<void>((resolve) => (release = resolve));
      writer.beforeWrite = () => writing;
      const consumer = await start(settings, writer, {
        source: () => lab().open(settings, { maxMessages: 10, maxBytes: 100_000 }),
      });
      await lab().send(
        settings,
        ids(400).map((id) => order(id)),
      );
      await until(() => writer.requests.length === 1);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(writer.requests).toHaveLength(1);
      expect(consumer.status.counts.received).toBeLessThanOrEqual(100);
      release();
      await until(() => writer.durable.size === 400);
    });

    it('writes several batches at once without order, and still everything', async () => {
      const settings = await lab().createTopics();
      const writer = new MemoryWriter();
      let running = 0;
      let most = 0;
      writer.beforeWrite = async () => {
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
        running -= 1;
      };
      const consumer = await start(settings, writer, { ordered: false });
      await lab().send(
        settings,
        ids(300).map((id) => order(id)),
      );
      await until(() => writer.durable.size === 300 && consumer.status.oldestWaiting === null);
      expect(most).toBeGreaterThan(1);
      await consumer.stop();
      const second = new MemoryWriter();
      await start(settings, second);
      await lab().send(settings, [order('last')]);
      await until(() => second.durable.size > 0);
      expect(second.entityIds).toEqual(['last']);
    });
  });
}

function createConsumer(
  settings: StreamSettings,
  writer: MemoryWriter,
  ordered: boolean,
  source: () => Promise<MessageStream>,
): StreamConsumer {
  const registry = testRegistry({
    name: 'shop',
    entityTypes: [
      {
        name: 'customer',
        sources: [
          {
            features: [
              {
                name: 'orders',
                valueType: 'INT64',
                expectations: [
                  { max: 1_000_000, onViolation: 'REJECT' },
                  { max: 10_000, onViolation: 'QUARANTINE' },
                ],
              },
            ],
          },
        ],
      },
    ],
    streams: [
      {
        name: 'orders',
        entityType: 'customer',
        from: settings as any,
        ordered,
        format: 'JSON',
        entityId: ['customer.id'],
        timestamp: { path: 'at', format: 'EPOCH_MILLIS' },
        features: { orders: 'orders' },
      },
    ],
  });
  const stream = registry.featurestores[0]!.streams[0]!;
  return new StreamConsumer({
    stream,
    open: source,
    map: createMapping(stream),
    writer,
    clock: systemClock,
    onError: () => undefined,
    limits: { firstRetryMs: 20, lastRetryMs: 100, maxBatchMessages: 40, drainMs: 500 },
  });
}

function withoutAcknowledgements(stream: MessageStream): MessageStream {
  return withAcknowledge(stream, async () => undefined);
}

function withWatchedAcknowledgements(stream: MessageStream, acknowledged: string[]): MessageStream {
  return withAcknowledge(stream, async (messages) => {
    acknowledged.push(...messages.map(({ position }) => position));
    await stream.acknowledge(messages);
  });
}

function withAcknowledge(stream: MessageStream, acknowledge: MessageStream['acknowledge']): MessageStream {
  return {
    messages: () => stream.messages(),
    acknowledge,
    deadLetter: (message, reason) => stream.deadLetter(message, reason),
    lag: () => stream.lag(),
    close: () => stream.close(),
  };
}
