import { status as CODE } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { diagnoseSeveralGateways } from '../../../composition/several-gateways.js';
import type { Finding } from '../../../datasources/diagnosis.js';
import type { TableAddress } from '../../../datasources/google/bigtable/client.js';
import { diagnoseJobsTable } from '../../../datasources/job-store/bigtable/diagnose-jobs-table.js';
import { collect } from '../../support/collect.js';
import {
  createTable,
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../support/google/bigtable-emulator.js';
import { createJobsTable, openJobStore } from '../../support/google/bigtable-job-store.js';
import { bigtableInstanceAdmin } from '../../support/google/bigtable-protos.js';
import { startFaultProxy, type FaultProxy } from '../../support/google/fault-proxy.js';
import { jobRecord } from '../../support/job-record.js';
import { smallRegistry } from '../../support/small-registry.js';

const GOOD_PROFILE = { singleClusterRouting: { clusterId: 'c', allowTransactionalWrites: true } };

describeWithBigtable('featuregraph doctor, of the table that several gateways share', () => {
  let emulator: BigtableEmulator;
  let proxy: FaultProxy;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
    proxy = await startFaultProxy(emulator.endpoint);
  });
  afterAll(async () => {
    await proxy.stop();
    await emulator.stop();
  });

  /** The emulator has no app profiles: the proxy answers for it, with the API's own message. */
  const diagnose = (address: TableAddress, profile: object = GOOD_PROFILE): Promise<Finding[]> => {
    const message = bigtableInstanceAdmin().GetAppProfile!.responseSerialize(profile);
    proxy.fail('GetAppProfile', { kind: 'answered', message });
    return collect(diagnoseJobsTable(address, proxy.endpoint));
  };
  const faultsOf = (findings: readonly Finding[]) => findings.filter(({ status }) => status !== 'ok');

  it('finds no fault in a table as the documentation creates it, and changes nothing in it', async () => {
    const table = await createJobsTable(emulator);
    const store = await openJobStore(emulator, table);
    await store.create(jobRecord({ id: 'job-1' }));
    expect((await diagnose(table)).map(({ status, message }) => `${status}: ${message}`)).toEqual([
      `ok: the table test-instance/${table.table} is there`,
      'ok: the column family "j" is there',
      'ok: garbage collection keeps what is stored',
      'ok: the gateway may read values',
      'ok: the gateway may write conditionally',
      'ok: the app profile "default" routes to one cluster and allows conditional writes',
    ]);
    expect(await store.list({ filter: {}, before: null, limit: 9 })).toMatchObject([{ id: 'job-1' }]);
    await store.close();
  });

  it('says that a rule by age deletes jobs', async () => {
    const rule = { age: { seconds: 90_000, nanos: 0 }, versions: 1, union: true };
    const { project, instance, table } = await createTable(emulator.endpoint, { columnFamily: 'j', rule });
    expect(faultsOf(await diagnose({ project, instance, table, appProfile: null }))).toEqual([
      {
        status: 'fault',
        message: 'garbage collection by age deletes jobs, keys and budgets',
        remedy: expect.stringContaining(`setgcpolicy ${table} j "maxversions=1"`),
      },
    ]);
  });

  it('says that the table or its column family is not there, with the command that makes it', async () => {
    const none = { project: 'test-project', instance: 'test-instance', table: 'none', appProfile: null };
    expect(faultsOf(await diagnose(none))[0]).toEqual({
      status: 'fault',
      message: 'there is no table test-instance/none in project test-project',
      remedy: expect.stringMatching(/^gcloud bigtable instances tables create none .*"j:maxversions=1"$/),
    });
    const { project, instance, table } = await createTable(emulator.endpoint, { columnFamily: 'f' });
    expect(faultsOf(await diagnose({ project, instance, table, appProfile: null }))[0]).toMatchObject({
      message: 'the table has no column family "j", only: f',
      remedy: expect.stringContaining(`createfamily ${table} j`),
    });
  });

  it('says which role is missing', async () => {
    const table = await createJobsTable(emulator);
    proxy.fail('CheckAndMutateRow', { kind: 'refused', status: CODE.PERMISSION_DENIED });
    proxy.fail('MutateRow', { kind: 'refused', status: CODE.PERMISSION_DENIED });
    expect(faultsOf(await diagnose(table))).toEqual([
      {
        status: 'fault',
        message: expect.stringMatching(/^could not write conditionally: /),
        remedy: expect.stringContaining('roles/bigtable.user'),
      },
    ]);
  });

  it('says that an app profile with multi-cluster routing gives no job one owner', async () => {
    const table = await createJobsTable(emulator);
    expect(faultsOf(await diagnose(table, { multiClusterRoutingUseAny: {} }))).toEqual([
      {
        status: 'fault',
        message:
          'the app profile "default" does not allow conditional writes to one cluster, by which a job has one owner',
        remedy: expect.stringContaining('--transactional-writes'),
      },
    ]);
  });

  it('says of a registry what only one gateway would have', async () => {
    const address = { project: 'p', instance: 'i', table: 't', appProfile: null };
    const findings: Finding[] = [];
    // Its findings about the table come after those of the registry, and need a Bigtable.
    for await (const finding of diagnoseSeveralGateways(smallRegistry(), address, undefined)) {
      if (findings.push(finding) === 2) break;
    }
    expect(findings.map(({ status, message }) => `${status}: ${message}`)).toEqual([
      'fault: the online store of "shop" is on the disk of one gateway: use BIGTABLE or a store of Vertex AI',
      'fault: the offline store of "shop" is on the disk of one gateway: use BIGQUERY',
    ]);
  });
});
