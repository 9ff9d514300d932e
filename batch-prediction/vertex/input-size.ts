import type { File, Storage } from '@google-cloud/storage';
import type { BatchWork } from '../../datasources/job-store/job-cost.js';
import type { VertexResultStores } from './read-vertex-results.js';
import type { VertexJobSpec } from './vertex-batch-prediction-job.js';

/** More objects than this are not counted: a page of a list has a thousand, and a start should take seconds. */
const MAX_OBJECTS = 10_000;
const OBJECTS_PER_PAGE = 1000;

/**
 * The objects of an input in Cloud Storage and their bytes, from their metadata: nothing is read. Empty for other inputs.
 * null where they cannot be listed: the gateway may lack the permission that Vertex AI has, or there are too many.
 */
export async function inputSize(
  { storage }: Pick<VertexResultStores, 'storage'>,
  { vertexRequest }: VertexJobSpec,
): Promise<Pick<BatchWork, 'inputObjects'>> {
  const uris = vertexRequest.inputConfig?.gcsSource?.uris ?? [];
  if (uris.length === 0) return {};
  // Its lines name the objects.
  if (vertexRequest.inputConfig?.instancesFormat === 'file-list') return { inputObjects: null };
  try {
    const client = await storage();
    let count = 0;
    let bytes = 0n;
    for (const uri of uris) {
      for await (const size of objectSizes(client, uri)) {
        count += 1;
        bytes += size;
        if (count > MAX_OBJECTS) return { inputObjects: null };
      }
    }
    return { inputObjects: count === 0 ? null : { count, bytes } };
  } catch {
    return { inputObjects: null };
  }
}

/** The objects of a URI, which may have wildcards (`*`) in its last part. */
async function* objectSizes(client: Storage, uri: string): AsyncGenerator<bigint> {
  const [, bucket = '', path = ''] = /^gs:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  const pieces = path.split('*');
  const isNamed = (name: string): boolean =>
    pieces.length === 1 ? name === path : name.startsWith(pieces[0]!) && name.endsWith(pieces.at(-1)!);
  const first: object = { prefix: pieces[0], maxResults: OBJECTS_PER_PAGE, autoPaginate: false };
  for (let query: object | null = first; query !== null;) {
    const answer: [File[], object | null | undefined, ...unknown[]] = await client.bucket(bucket).getFiles(query);
    for (const { name, metadata } of answer[0]) if (isNamed(name)) yield BigInt(metadata.size ?? 0);
    query = answer[1] ?? null;
  }
}
