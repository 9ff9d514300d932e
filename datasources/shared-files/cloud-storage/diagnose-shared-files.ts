import { randomUUID } from 'node:crypto';
import type { Storage } from '@google-cloud/storage';
import type { Finding } from '../../diagnosis.js';
import { readHttpStatus } from './http-status.js';

export interface SharedFolderAddress {
  readonly storage: () => Promise<Storage>;
  readonly bucket: string;
  /** Without slashes at its ends. Empty: the whole bucket. */
  readonly folder: string;
}

/** Names of objects that a check leaves if it is killed begin so; an operator may delete them. */
const MARK = 'featuregraph-doctor-';

/**
 * Checks the folder that gateways share, as a gateway uses it: it writes a marked object under the precondition that there
 * is none, reads it, lists it and deletes it.
 */
export async function* diagnoseSharedFiles({ storage, bucket, folder }: SharedFolderAddress): AsyncGenerator<Finding> {
  const client = await storage();
  yield* describeBucket(client, bucket);
  const name = `${folder === '' ? '' : `${folder}/`}${MARK}${randomUUID()}`;
  const file = client.bucket(bucket).file(name);
  const preconditionOpts = { ifGenerationMatch: 0 };
  const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['write files', () => file.save('featuregraph doctor', { resumable: false, preconditionOpts })],
    ['read files', () => file.download()],
    ['list files', () => client.bucket(bucket).getFiles({ prefix: name, maxResults: 1, autoPaginate: false })],
    ['delete files', () => file.delete()],
  ];
  for (const [index, [what, run]] of steps.entries()) {
    try {
      await run();
      yield { status: 'ok', message: `the gateway may ${what} in the shared folder` };
    } catch (error) {
      yield toFault(error, what, bucket);
      // Without the object, the other steps say nothing.
      if (index === 0) return;
    }
  }
}

/** The role of a gateway does not include the metadata of the bucket, so a refusal is no fault. */
async function* describeBucket(client: Storage, bucket: string): AsyncGenerator<Finding> {
  try {
    const [{ location }] = await client.bucket(bucket).getMetadata();
    yield {
      status: 'ok',
      message: `the bucket ${bucket} is in ${location ?? 'a location that it does not say'}: gateways in the same region read and write it fastest`,
    };
  } catch (error) {
    const status = readHttpStatus(error);
    yield status === 404
      ? {
          status: 'fault',
          message: `there is no bucket ${bucket}`,
          remedy: `gcloud storage buckets create gs://${bucket} --location=REGION`,
        }
      : {
          status: 'warning',
          message: `the location of the bucket ${bucket} is not known: ${describe(error)}`,
          remedy: 'grant the one who runs this roles/storage.legacyBucketReader on the bucket; gateways do not need it',
        };
  }
}

function toFault(error: unknown, what: string, bucket: string): Finding {
  const status = readHttpStatus(error);
  const message = `the gateway cannot ${what} in the shared folder: ${describe(error)}`;
  if (status !== 401 && status !== 403) return { status: 'fault', message };
  return {
    status: 'fault',
    message,
    remedy: `gcloud storage buckets add-iam-policy-binding gs://${bucket} --member=serviceAccount:GATEWAY --role=roles/storage.objectUser`,
  };
}

function describe(error: unknown): string {
  const status = readHttpStatus(error);
  const reason = error instanceof Error ? error.message : String(error);
  return status === undefined ? reason : `HTTP ${status}, ${reason}`;
}
