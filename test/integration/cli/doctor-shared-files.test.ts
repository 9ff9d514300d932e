import { Storage } from '@google-cloud/storage';
import { PassThroughClient } from 'google-auth-library';
import { expect, it } from 'vitest';
import { diagnoseSharedFiles } from '../../../datasources/shared-files/cloud-storage/diagnose-shared-files.js';
import { collect } from '../../support/collect.js';
import { BUCKET, openSharedFolder, type SharedFolder } from '../../support/google/shared-files.js';

async function diagnose({ server }: SharedFolder, bucket = BUCKET): Promise<string[]> {
  const client = new Storage({
    apiEndpoint: server.apiEndpoint,
    projectId: 'test-project',
    authClient: new PassThroughClient(),
    retryOptions: { autoRetry: false },
  });
  const findings = await collect(diagnoseSharedFiles({ storage: async () => client, bucket, folder: 'team' }));
  return findings.map(({ status, message }) => `${status}: ${message}`);
}

it('doctor writes, reads, lists and deletes a marked object of the shared folder, and says where the bucket is', async () => {
  const folder = await openSharedFolder();
  folder.server.locations.set(BUCKET, 'EUROPE-WEST4');
  expect(await diagnose(folder)).toEqual([
    'ok: the bucket shared-bucket is in EUROPE-WEST4: gateways in the same region read and write it fastest',
    'ok: the gateway may write files in the shared folder',
    'ok: the gateway may read files in the shared folder',
    'ok: the gateway may list files in the shared folder',
    'ok: the gateway may delete files in the shared folder',
  ]);
  expect(folder.server.uploads.all).toMatchObject([
    { name: expect.stringMatching(/^team\/featuregraph-doctor-[-0-9a-f]{36}$/) as string, isStored: true },
  ]);
  expect([...folder.server.objects]).toEqual([]);
});

it('doctor says that there is no such bucket, and what creates it', async () => {
  const findings = await diagnose(await openSharedFolder(), 'no-bucket');
  expect(findings).toEqual([
    'fault: there is no bucket no-bucket',
    expect.stringMatching(/^fault: the gateway cannot write files in the shared folder: HTTP 404, /),
  ]);
});
