import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Bigtable } from '@google-cloud/bigtable';
import { describe } from 'vitest';
import {
  BigtableOnlineStore,
  type BigtableOptions,
} from '../../../datasources/online/bigtable/bigtable-online-store.js';
import type { BigtableSettings } from '../../../datasources/registry/model.js';
import { systemClock } from '../../../values/clock.js';

// The client would ask the metadata server of a virtual machine for credentials, which an emulator does not want.
process.env.METADATA_SERVER_DETECTION = 'none';

export interface BigtableEmulator {
  /** host:port */
  readonly endpoint: string;
  readonly stop: () => Promise<void>;
  /** Makes it answer nothing until it is resumed; it keeps its rows. Absent for one that runs already. */
  readonly pause?: () => void;
  readonly resume?: () => void;
}

const HOW_TO_GET_IT =
  'There is no Bigtable emulator: set BIGTABLE_EMULATOR_HOST, or install it with "gcloud components install bigtable", ' +
  'or build it from Debian’s packages with test/support/google/bigtable-emulator/build.sh.';

const program = findProgram();
const isThere = program !== undefined || process.env.BIGTABLE_EMULATOR_HOST !== undefined;

/** A suite that needs the emulator: skipped with the reason where there is none, except in CI, where it must be. */
export function describeWithBigtable(name: string, suite: () => void): void {
  if (!isThere && process.env.CI === 'true') throw new Error(HOW_TO_GET_IT);
  if (!isThere) console.warn(`Skipped: ${name}. ${HOW_TO_GET_IT}`);
  describe.skipIf(!isThere)(name, suite);
}

/** The emulator that runs already, or one of our own on a free port. */
export async function startBigtableEmulator(): Promise<BigtableEmulator> {
  const running = process.env.BIGTABLE_EMULATOR_HOST;
  if (running) return { endpoint: running, stop: () => Promise.resolve() };
  if (!program) throw new Error(HOW_TO_GET_IT);
  const child = spawn(program, ['-host', '127.0.0.1', '-port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface(child.stdout)) {
    const endpoint = /running on (\S+:\d+)/.exec(line)?.[1];
    if (!endpoint) continue;
    return {
      endpoint,
      pause: () => child.kill('SIGSTOP'),
      resume: () => child.kill('SIGCONT'),
      stop: async () => {
        child.kill('SIGCONT');
        child.kill();
        await once(child, 'exit');
      },
    };
  }
  throw new Error(`The Bigtable emulator ${program} ended before it served.`);
}

let tables = 0;

/** Settings of a table of its own in the emulator. */
export async function createTable(
  endpoint: string,
  { rule, ...settings }: Partial<BigtableSettings> & { readonly rule?: object } = {},
): Promise<BigtableSettings> {
  const all: BigtableSettings = {
    kind: 'BIGTABLE',
    project: 'test-project',
    instance: 'test-instance',
    table: `features-${process.pid}-${(tables += 1)}`,
    columnFamily: 'f',
    appProfile: null,
    // A busy machine is slow; tests of deadlines say their own.
    readDeadlineMs: 30_000,
    fillRowsPerSecond: 100_000,
    versionRetentionSeconds: 0,
    ...settings,
  };
  const client = new Bigtable({ projectId: all.project, apiEndpoint: endpoint, metricsEnabled: false });
  const family = { name: all.columnFamily, ...(rule === undefined ? {} : { rule }) };
  await client.instance(all.instance).createTable(all.table, { families: [family] });
  await client.close();
  return all;
}

export async function openBigtable(
  settings: BigtableSettings,
  options: Partial<BigtableOptions> = {},
): Promise<BigtableOnlineStore> {
  // As with reads: a busy machine is slow.
  return BigtableOnlineStore.open(settings, {
    clock: systemClock,
    newId: randomUUID,
    writeDeadlineMs: 30_000,
    ...options,
  });
}

/** A store over a table of its own. */
export async function openTestStore(
  endpoint: string,
  settings: Partial<BigtableSettings> = {},
): Promise<BigtableOnlineStore> {
  return openBigtable(await createTable(endpoint, settings), { apiEndpoint: endpoint });
}

function findProgram(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const gcloud = folders.map((folder) => join(folder, 'gcloud')).find(existsSync);
  const sdk = gcloud === undefined ? [] : [join(dirname(dirname(realpathSync(gcloud))), 'platform/bigtable-emulator')];
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'featuregraph');
  return [...folders, ...sdk, cache].map((folder) => join(folder, 'cbtemulator')).find(existsSync);
}
