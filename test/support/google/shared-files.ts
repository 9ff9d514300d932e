import { Storage } from '@google-cloud/storage';
import { PassThroughClient } from 'google-auth-library';
import { onTestFinished } from 'vitest';
import { CloudStorageFiles } from '../../../datasources/shared-files/cloud-storage/cloud-storage-files.js';
import { startCloudStorageServer, type CloudStorageServer } from './cloud-storage-server.js';

export const BUCKET = 'shared-bucket';
export const ROOT = `gs://${BUCKET}/team`;

export interface SharedFolder {
  readonly server: CloudStorageServer;
  /** As one gateway opens it. */
  readonly open: (options?: { readonly resumableBytes?: number }) => CloudStorageFiles;
}

/** A folder in a bucket of a test's own server, which several gateways share. */
export async function openSharedFolder(): Promise<SharedFolder> {
  const server = await startCloudStorageServer(BUCKET);
  onTestFinished(() => server.stop());
  const client = {
    apiEndpoint: server.apiEndpoint,
    projectId: 'test-project',
    authClient: new PassThroughClient(),
  };
  return {
    server,
    open: (options = {}) =>
      new CloudStorageFiles({ storage: async () => new Storage(client), bucket: BUCKET, folder: 'team', ...options }),
  };
}
