import { status as CODE } from '@grpc/grpc-js';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { doctor } from '../../../cli/commands/doctor.js';
import type { Finding } from '../../../datasources/diagnosis.js';
import { diagnoseBigtable } from '../../../datasources/online/bigtable/diagnose.js';
import { diagnoseDataFolder } from '../../../datasources/online/lmdb/diagnose-data-folder.js';
import type { BigtableSettings } from '../../../datasources/registry/model.js';
import {
  createTable,
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../../support/google/bigtable-emulator.js';
import { BigtableAdminQuotas } from '../../support/google/bigtable-admin-quotas.js';
import { bigtableInstanceAdmin } from '../../support/google/bigtable-protos.js';
import { startFaultProxy, type FaultProxy } from '../../support/google/fault-proxy.js';
import { collect } from '../../support/collect.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** An app profile as the API sends it. */
const appProfile = (profile: object) => bigtableInstanceAdmin().GetAppProfile!.responseSerialize(profile);

const VERSIONS = { versions: 1 };
const DAY_OR_VERSION = { age: { seconds: 90_000, nanos: 0 }, versions: 1 };

describeWithBigtable('featuregraph doctor, of Bigtable', () => {
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

  const goodProfile = { singleClusterRouting: { clusterId: 'c', allowTransactionalWrites: true } };

  /** The emulator has no app profiles: the proxy answers for it, with the API's own message. */
  const diagnose = async (settings: BigtableSettings, profile: object = goodProfile): Promise<Finding[]> => {
    proxy.fail('GetAppProfile', {
      kind: 'answered',
      message: appProfile(profile),
    });
    return collect(diagnoseBigtable(settings, proxy.endpoint));
  };
  const faultsOf = (findings: Finding[]) => findings.filter(({ status }) => status !== 'ok');

  it('finds nothing wrong with a table as the documentation says it', async () => {
    const findings = await diagnose(await createTable(emulator.endpoint, { rule: VERSIONS }));
    expect(faultsOf(findings)).toEqual([]);
    expect(findings.map(({ message: what }) => what)).toEqual([
      expect.stringMatching(/^the table test-instance\/.* is there$/),
      'the column family "f" is there',
      'garbage collection keeps what is read',
      'the gateway may read values',
      'the gateway may write conditionally',
      'the app profile "default" routes to one cluster and allows conditional writes',
    ]);
  });

  it('waits for the quota of the admin API', async () => {
    const settings = await createTable(emulator.endpoint, { rule: VERSIONS });
    const quotas = new BigtableAdminQuotas();
    Object.assign(quotas, { minuteMs: 200 }).aMinute.tableReads = 1;
    quotas.windows.holdsUntilRefused = true;
    const { decide } = proxy;
    onTestFinished(() => void (proxy.decide = decide));
    proxy.decide = (method) =>
      quotas.decide(method) ??
      (method === 'GetAppProfile' ? { kind: 'answered', message: appProfile(goodProfile) } : undefined);
    for (const _look of ['first', 'second']) {
      expect(faultsOf(await collect(diagnoseBigtable(settings, proxy.endpoint)))).toEqual([]);
    }
    expect(quotas.refused.get('tableReads')).toBeGreaterThan(0);
  });

  it('finds a table that is not there, and says how to make it', async () => {
    const there = await createTable(emulator.endpoint);
    const [finding] = faultsOf(await diagnose({ ...there, table: 'not-there', versionRetentionSeconds: 86_400 }));
    expect(finding).toMatchObject({ status: 'fault', message: /there is no table test-instance\/not-there/ });
    expect(finding?.remedy).toBe(
      'gcloud bigtable instances tables create not-there --project=test-project --instance=test-instance ' +
        '--column-families="f:maxversions=1&&maxage=25h"',
    );
  });

  it('finds a column family that is not there', async () => {
    const there = await createTable(emulator.endpoint, { rule: VERSIONS });
    const [finding] = faultsOf(await diagnose({ ...there, columnFamily: 'g' }));
    expect(finding).toMatchObject({ status: 'fault', message: 'the table has no column family "g", only: f' });
  });

  it.each<[string, object | undefined, number, string, RegExp]>([
    ['age alone', { age: { seconds: 864_000, nanos: 0 } }, 0, 'fault', /deletes values that are still the newest/],
    ['age or versions', { ...DAY_OR_VERSION, union: true }, 0, 'fault', /deletes values that are still the newest/],
    [
      'versions, with a retention',
      VERSIONS,
      86_400,
      'fault',
      /deletes values within the versionRetentionSeconds of 86400/,
    ],
    [
      'a shorter age, with a retention',
      { ...DAY_OR_VERSION, intersection: true },
      90_000,
      'fault',
      /within the versionRet/,
    ],
    ['nothing', undefined, 0, 'warning', /every value ever written is kept/],
  ])(
    'finds a collection policy of %s that does not fit',
    async (_title, rule, versionRetentionSeconds, status, what) => {
      const settings = await createTable(emulator.endpoint, { ...(rule && { rule }), versionRetentionSeconds });
      const findings = faultsOf(await diagnose(settings));
      expect(findings).toHaveLength(1);
      expect(findings[0]).toMatchObject({ status });
      expect(findings[0]!.message).toMatch(what);
      expect(findings[0]!.remedy).toMatch(/^cbt -project test-project -instance test-instance setgcpolicy /);
    },
  );

  it('finds a policy for reads of the past right', async () => {
    const rule = { ...DAY_OR_VERSION, intersection: true };
    expect(
      faultsOf(await diagnose(await createTable(emulator.endpoint, { rule, versionRetentionSeconds: 86_400 }))),
    ).toEqual([]);
  });

  it.each([
    ['to any cluster', { multiClusterRoutingUseAny: {} }],
    ['to one cluster, without transactional writes', { singleClusterRouting: { clusterId: 'c' } }],
  ])('finds an app profile that routes %s', async (_title, profile) => {
    const settings = await createTable(emulator.endpoint, { rule: VERSIONS, appProfile: 'serving' });
    const [finding] = faultsOf(await diagnose(settings, profile));
    expect(finding).toMatchObject({
      status: 'fault',
      message: expect.stringMatching(/app profile "serving" does not allow/),
    });
    expect(finding?.remedy).toContain('--transactional-writes');
  });

  it('finds rights that are missing, and says which role has them', async () => {
    const settings = await createTable(emulator.endpoint, { rule: VERSIONS });
    for (const method of ['GetTable', 'ReadRows', 'CheckAndMutateRow']) {
      proxy.fail(method, { kind: 'refused', status: CODE.PERMISSION_DENIED });
    }
    // On the table, not on the whole project.
    const grant = `gcloud bigtable instances tables add-iam-policy-binding ${settings.table} --instance=test-instance`;
    expect(faultsOf(await diagnose(settings)).map(({ remedy: todo }) => todo)).toEqual(
      ['roles/bigtable.viewer', 'roles/bigtable.reader', 'roles/bigtable.user'].map(
        (role) => `${grant} --project=test-project --member=ACCOUNT --role=${role}`,
      ),
    );
  });

  it('stops at the first call that is not answered, and says why in one line', async () => {
    const settings = await createTable(emulator.endpoint, { rule: VERSIONS });
    const deaf = await startFaultProxy(emulator.endpoint);
    onTestFinished(() => deaf.stop());
    deaf.decide = (method) => (method === 'ReadRows' ? { kind: 'refused', status: CODE.UNAVAILABLE } : undefined);
    const findings = await collect(diagnoseBigtable(settings, deaf.endpoint));
    expect(findings.at(-1)).toMatchObject({
      status: 'fault',
      message: expect.stringMatching(/did not answer: .{1,201}$/),
    });
    expect(faultsOf(findings)).toHaveLength(1);
    expect(new Set(deaf.calls)).toEqual(new Set(['GetTable', 'ReadRows']));
  });

  it('says what the emulator cannot tell', async () => {
    const settings = await createTable(emulator.endpoint, { rule: VERSIONS });
    const findings = await collect(diagnoseBigtable(settings, emulator.endpoint));
    expect(faultsOf(findings)).toEqual([
      { status: 'warning', message: 'the app profile "default" cannot be looked at: an emulator has none' },
    ]);
  });

  it('prints every store and ends with 1 on a fault', async () => {
    const settings = await createTable(emulator.endpoint, { rule: { age: { seconds: 60, nanos: 0 } } });
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'registry.yaml'),
      `featurestores:
  - name: shop
    onlineStore: { kind: BIGTABLE, project: ${settings.project}, instance: ${settings.instance}, table: ${settings.table} }
    entityTypes: [{ name: customer, sources: [{ features: [{ name: total, valueType: INT64 }] }] }]
`,
    );
    vi.stubEnv('FEATUREGRAPH_REGISTRY', join(folder, 'registry.yaml'));
    vi.stubEnv('FEATUREGRAPH_DATA_DIR', join(folder, 'data'));
    vi.stubEnv('BIGTABLE_EMULATOR_HOST', emulator.endpoint);
    const lines: string[] = [];
    const written = vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
    onTestFinished(() => {
      vi.unstubAllEnvs();
      written.mockRestore();
      process.exitCode = undefined;
    });
    await doctor();
    expect(process.exitCode).toBe(1);
    expect(lines.join('')).toMatch(
      /^embedded stores\n {2}ok .*can be made\nonline store BIGTABLE: test-project\n(?: {2}ok .*\n)+ {2}fault {4}garbage collection by age.*\n {11}-> cbt .*\n[^]*\n1 fault\.\n$/,
    );
  });
});

describe('featuregraph doctor, of the data folder', () => {
  it('finds one that can be made, and one that cannot', async () => {
    const folder = temporaryFolder();
    expect(await collect(diagnoseDataFolder(join(folder, 'a/b')))).toMatchObject([{ status: 'ok' }]);
    writeFileSync(join(folder, 'file'), '');
    expect(await collect(diagnoseDataFolder(join(folder, 'file')))).toMatchObject([{ status: 'fault' }]);
  });
});
