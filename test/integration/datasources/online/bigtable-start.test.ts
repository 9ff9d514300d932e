import { status as CODE } from '@grpc/grpc-js';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { diagnoseBigtable } from '../../../../datasources/online/bigtable/diagnose.js';
import type { FillRequest } from '../../../../datasources/online/online-store.js';
import type { BigtableSettings } from '../../../../datasources/registry/model.js';
import { OperatorError } from '../../../../errors/operator-error.js';
import { collect } from '../../../support/collect.js';
import {
  createTable,
  describeWithBigtable,
  openBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../../support/google/bigtable-emulator.js';
import { startFaultProxy, type Fault } from '../../../support/google/fault-proxy.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { testEntityType } from '../../../support/test-registry.js';

const SETTINGS: BigtableSettings = {
  kind: 'BIGTABLE',
  project: 'my-project',
  instance: 'features',
  table: 'online',
  columnFamily: 'f',
  appProfile: null,
  readDeadlineMs: 500,
  fillRowsPerSecond: 100_000,
  versionRetentionSeconds: 0,
};
const NAMED = 'The online store BIGTABLE cannot be used, table features/online of project my-project:';

const entityType = testEntityType({
  name: 'thing',
  sources: [{ sql: 'computed.sql', features: [{ name: 'a', valueType: 'STRING' }] }],
});
const NOTHING: FillRequest = {
  fingerprint: 'nothing',
  expectedFill: undefined,
  readWrites: () => ReadableStream.from([]),
};

/** What a start does with an online store before it serves; gives the message that it ends with. */
async function start(settings: BigtableSettings, apiEndpoint?: string): Promise<string> {
  const starting = (async () => {
    const store = await openBigtable(settings, {
      ...(apiEndpoint === undefined ? {} : { apiEndpoint }),
      writeDeadlineMs: 500,
    });
    onTestFinished(() => store.close());
    if ((await store.currentFill(entityType)) === undefined) await store.fill(entityType, NOTHING);
  })();
  const error: unknown = await starting.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OperatorError);
  const { message } = error as OperatorError;
  expect(message.length).toBeLessThan(900);
  return message;
}

describe.each([
  ['a key that is none', '{"type":"service_account","project_id":"x"}'],
  ['a file that is not there', null],
])('Bigtable with %s for credentials', (_title, key) => {
  // A promise without a handler would end the process; vitest fails on one.
  beforeEach(() => {
    const path = join(temporaryFolder(), 'key.json');
    if (key !== null) writeFileSync(path, key);
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', path);
    vi.stubEnv('BIGTABLE_EMULATOR_HOST', undefined);
    return () => vi.unstubAllEnvs();
  });

  it('ends the start with what to do', async () => {
    const message = await start(SETTINGS);
    expect(message).toContain(NAMED);
    expect(message).toMatch(/no credentials that can be used: .*GOOGLE_APPLICATION_CREDENTIALS/s);
  });

  it('is one fault to doctor', async () => {
    const findings = await collect(diagnoseBigtable(SETTINGS));
    expect(findings).toEqual([
      {
        status: 'fault',
        message: expect.stringMatching(/^could not look at Bigtable: there are no credentials/),
        remedy: expect.stringContaining('GOOGLE_APPLICATION_CREDENTIALS'),
      },
    ]);
  });
});

describe('Bigtable that is not reached', () => {
  it('ends the start, and is one fault to doctor', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.close();
    await once(server, 'close');
    const message = await start(SETTINGS, endpoint);
    expect(message).toContain(NAMED);
    expect(message).toMatch(/it did not answer: .*bigtable\.googleapis\.com/s);
    const findings = await collect(diagnoseBigtable(SETTINGS, endpoint));
    expect(findings).toEqual([
      {
        status: 'fault',
        message: expect.stringMatching(/^could not look at Bigtable: it did not answer: .{1,201}$/),
        remedy: expect.stringContaining('bigtableadmin.googleapis.com'),
      },
    ]);
  });
});

describeWithBigtable('a start with a Bigtable that is not as it should be', () => {
  let emulator: BigtableEmulator;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
  });
  afterAll(async () => emulator.stop());

  it('says that the table is not there', async () => {
    const message = await start(SETTINGS, emulator.endpoint);
    expect(message).toContain(NAMED);
    expect(message).toMatch(/table .*not found/i);
    expect(message).toContain('featuregraph doctor');
  });

  it('says that the column family is not there', async () => {
    const there = await createTable(emulator.endpoint);
    expect(await start({ ...there, columnFamily: 'other' }, emulator.endpoint)).toMatch(/other/);
  });

  it.each<[string, string, number]>([
    ['read', 'ReadRows', CODE.PERMISSION_DENIED],
    ['write', 'CheckAndMutateRow', CODE.PERMISSION_DENIED],
  ])('says which role is missing to %s', async (_title, method, status) => {
    const proxy = await startFaultProxy(emulator.endpoint);
    onTestFinished(() => proxy.stop());
    const refused: Fault = { kind: 'refused', status };
    proxy.decide = (called) => (called === method ? refused : undefined);
    const settings = await createTable(emulator.endpoint);
    expect(await start(settings, proxy.endpoint)).toContain(
      `gcloud bigtable instances tables add-iam-policy-binding ${settings.table} --instance=test-instance ` +
        '--project=test-project --member=ACCOUNT --role=roles/bigtable.user',
    );
  });
});
