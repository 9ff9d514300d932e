import { randomUUID } from 'node:crypto';
import type { Config } from '../config/config.js';
import { CloudStorageFiles } from '../datasources/shared-files/cloud-storage/cloud-storage-files.js';
import type { SharedFolderAddress } from '../datasources/shared-files/cloud-storage/diagnose-shared-files.js';
import type { SharedTrainingSets } from '../training-sets/training-set-dependencies.js';
import type { GoogleClientOptions } from './google-clients.js';

/** The files that several gateways share; undefined for a gateway alone, and where no folder is configured for them. */
export function openSharedFiles(
  config: Pick<Config, 'sharedJobs'>,
  google: GoogleClientOptions = {},
): SharedTrainingSets | undefined {
  const folder = sharedFolder(config, google);
  return folder && { files: new CloudStorageFiles(folder), gateway: randomUUID() };
}

/** The folder with a client, which is opened on first use. */
export function sharedFolder(
  { sharedJobs }: Pick<Config, 'sharedJobs'>,
  { storage }: GoogleClientOptions,
): SharedFolderAddress | undefined {
  if (!sharedJobs?.files) return undefined;
  return {
    ...sharedJobs.files,
    storage: async () => new (await import('@google-cloud/storage')).Storage(storage),
  };
}
