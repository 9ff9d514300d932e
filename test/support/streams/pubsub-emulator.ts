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
  'There is no Pub/Sub emulator: set PUBSUB_EMULATOR_HOST, or install it with "gcloud components install pubsub-emulator" ' +
  '(Java 17), or build it with test/support/streams/pubsub/build.sh (Go).';

const program = findProgram();
const isThere = program !== undefined || process.env.PUBSUB_EMULATOR_HOST !== undefined;

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
  if (program === undefined) throw new Error(HOW_TO_GET_IT);
  const [port] = await freePorts(1);
  const child = spawn(program.command, program.arguments(port!), { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const { promise: started, resolve, reject } = Promise.withResolvers<undefined>();
  // Both are read to their ends: a full pipe would stop the emulator.
  for (const output of [child.stdout, child.stderr]) {
    createInterface(output).on('line', (line) => {
      if (line.includes(program.startedLine)) resolve(undefined);
    });
  }
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

interface EmulatorProgram {
  readonly command: string;
  readonly arguments: (port: number) => string[];
  /** What it prints once it serves. */
  readonly startedLine: string;
}

/** The emulator of the Google Cloud SDK, or the one that build.sh made. */
function findProgram(): EmulatorProgram | undefined {
  const gcloud = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'gcloud'))
    .find(existsSync);
  const sdk = gcloud && join(dirname(dirname(realpathSync(gcloud))), 'platform/pubsub-emulator/lib');
  const jar = sdk && globSync(join(sdk, 'cloud-pubsub-emulator-*.jar'))[0];
  if (jar) {
    return {
      command: 'java',
      arguments: (port) => ['-Xmx256m', '-jar', jar, '--host=127.0.0.1', `--port=${port}`],
      startedLine: 'Server started',
    };
  }
  const built = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'featuregraph/pubsubemulator');
  if (!existsSync(built)) return undefined;
  return { command: built, arguments: (port) => ['-port', `${port}`], startedLine: 'emulator running on' };
}
