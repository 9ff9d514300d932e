import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Admin, Producer } from '@platformatic/kafka';
import { afterAll, beforeAll, describe } from 'vitest';

const HOW_TO_GET_IT =
  'There is no Kafka: set KAFKA_BOOTSTRAP_SERVER, or fetch it with test/support/streams/kafka/build.sh (Maven, Java 17).';

const jars = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'featuregraph/kafka/lib');
const isThere = existsSync(jars) || process.env.KAFKA_BOOTSTRAP_SERVER !== undefined;

/** A suite that needs a broker: skipped with the reason where there is none, except in CI, where it must be. */
export function describeWithKafka(name: string, suite: () => void): void {
  if (!isThere && process.env.CI === 'true') throw new Error(HOW_TO_GET_IT);
  if (!isThere) console.warn(`Skipped: ${name}. ${HOW_TO_GET_IT}`);
  describe.skipIf(!isThere)(name, suite);
}

interface KafkaBroker {
  /** host:port */
  readonly server: string;
  readonly stop: () => Promise<void>;
}

/** A broker and its clients. */
export interface Kafka {
  /** host:port */
  readonly server: string;
  readonly admin: Admin;
  readonly producer: Producer;
}

/** Starts a broker for the tests of a suite. The properties have values when the tests run. */
export function useKafka(): Kafka {
  const kafka = {} as { -readonly [Property in keyof Kafka]: Kafka[Property] };
  let broker: KafkaBroker;
  beforeAll(async () => {
    broker = await startKafka();
    const connection = { clientId: 'test', bootstrapBrokers: [broker.server] };
    kafka.server = broker.server;
    kafka.admin = new Admin(connection);
    kafka.producer = new Producer(connection);
  });
  afterAll(async () => {
    await kafka.producer.close(true);
    await kafka.admin.close();
    await broker.stop();
  });
  return kafka;
}

/** The broker that runs already, or one node of our own in KRaft mode. */
async function startKafka(): Promise<KafkaBroker> {
  const running = process.env.KAFKA_BOOTSTRAP_SERVER;
  if (running) return { server: running, stop: () => Promise.resolve() };
  const folder = mkdtempSync(join(tmpdir(), 'featuregraph-kafka-'));
  const [port, controllerPort] = await freePorts(2);
  const properties = join(folder, 'server.properties');
  writeFileSync(
    properties,
    Object.entries({
      'process.roles': 'broker,controller',
      'node.id': '1',
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'controller.listener.names': 'CONTROLLER',
      'offsets.topic.replication.factor': '1',
      'offsets.topic.num.partitions': '1',
      'transaction.state.log.replication.factor': '1',
      'transaction.state.log.min.isr': '1',
      'group.initial.rebalance.delay.ms': '0',
      // A killed member loses its partitions after its session; a test does not wait for the default of 45 s.
      'group.min.session.timeout.ms': '1000',
      'log.dirs': join(folder, 'logs'),
    })
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  const classPath = ['-cp', join(jars, '*')];
  const formatted = spawnSync('java', [...classPath, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', properties]);
  if (formatted.status !== 0) throw new Error(`Kafka could not format its folder: ${formatted.stderr.toString()}`);
  const child = spawn('java', ['-Xmx512m', ...classPath, 'kafka.Kafka', properties], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  // slf4j-simple writes to the standard error. It is read to its end: a full pipe would stop the broker.
  const { promise: started, resolve, reject } = Promise.withResolvers<undefined>();
  createInterface(child.stderr).on('line', (line) => {
    if (line.includes('Kafka Server started')) resolve(undefined);
  });
  void exited.then(() => reject(new Error('Kafka ended before it served.')));
  started.catch(() => undefined);
  await started;
  return {
    server: `127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Ports that were free a moment ago. All are held until the last is found, so they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
