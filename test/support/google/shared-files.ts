import { Storage } from '@google-cloud/storage';
import { PassThroughClient } from 'google-auth-library';
import { onTestFinished } from 'vitest';
import {
  CloudStorageFiles,
  type CloudStorageFilesOptions,
} from '../../../datasources/shared-files/cloud-storage/cloud-storage-files.js';
import { startCloudStorageServer, type CloudStorageServer } from './cloud-storage-server.js';

export const BUCKET = 'shared-bucket';
export const ROOT = `gs://${BUCKET}/team`;

export interface SharedFolder {
  readonly server: CloudStorageServer;
  /** As one gateway opens it. */
  readonly open: (options?: Pick<CloudStorageFilesOptions, 'resumableBytes' | 'chunkBytes'>) => CloudStorageFiles;
}

/** A folder in a bucket of a test's own server, which several gateways share. */
export async function openSharedFolder(): Promise<SharedFolder> {
  const server = await startCloudStorageServer(BUCKET);
  onTestFinished(() => server.stop());
  const client = {
    apiEndpoint: server.apiEndpoint,
    projectId: 'test-project',
    authClient: new PassThroughClient(),
    // A second, the least that the client takes: its own pauses would only make tests of faults long.
    retryOptions: { maxRetryDelay: 1 },
  };
  return {
    server,
    open: (options = {}) =>
      new CloudStorageFiles({ storage: async () => new Storage(client), bucket: BUCKET, folder: 'team', ...options }),
  };
}
