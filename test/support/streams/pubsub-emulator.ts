import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe } from 'vitest';
import { freePorts } from './kafka-broker.js';

// The client would ask the metadata server of a virtual machine for credentials, which an emulator does not want.
process.env.METADATA_SERVER_DETECTION = 'none';

const HOW_TO_GET_IT =
  'There is no Pub/Sub emulator: set PUBSUB_EMULATOR_HOST, or install it with "gcloud components install pubsub-emulator" (Java 17).';

const jar = findJar();
const isThere = jar !== undefined || process.env.PUBSUB_EMULATOR_HOST !== undefined;

/** A suite that needs the emulator: skipped with the reason where there is none, except in CI, where it must be. */
export function describeWithPubSub(name: string, suite: () => void): void {
  if (!isThere && process.env.CI === 'true') throw new Error(HOW_TO_GET_IT);
  if (!isThere) console.warn(`Skipped: ${name}. ${HOW_TO_GET_IT}`);
  describe.skipIf(!isThere)(name, suite);
}

export interface PubSubEmulator {
  /** host:port */
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
}

/** The emulator that runs already, or one of our own on a free port. */
export async function startPubSub(): Promise<PubSubEmulator> {
  const running = process.env.PUBSUB_EMULATOR_HOST;
  if (running) return { endpoint: running, stop: () => Promise.resolve() };
  if (jar === undefined) throw new Error(HOW_TO_GET_IT);
  const [port] = await freePorts(1);
  const child = spawn('java', ['-Xmx256m', '-jar', jar, '--host=127.0.0.1', `--port=${port}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const { promise: started, resolve, reject } = Promise.withResolvers<undefined>();
  // It is read to its end: a full pipe would stop the emulator.
  createInterface(child.stderr).on('line', (line) => {
    if (line.includes('Server started')) resolve(undefined);
  });
  void exited.then(() => reject(new Error('The Pub/Sub emulator ended before it served.')));
  started.catch(() => undefined);
  await started;
  return {
    endpoint: `127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function findJar(): string | undefined {
  const gcloud = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'gcloud'))
    .find(existsSync);
  const sdk =
    gcloud === undefined ? [] : [join(dirname(dirname(realpathSync(gcloud))), 'platform/pubsub-emulator/lib')];
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'featuregraph/pubsub');
  return [...sdk, cache].flatMap((folder) => globSync(join(folder, 'cloud-pubsub-emulator-*.jar')))[0];
}
