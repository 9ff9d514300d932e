import { badInput } from '../../errors/app-error.js';
import { forEachConcurrent } from '../../runtime/for-each-concurrent.js';
import type { VertexResultStores } from './read-vertex-results.js';
import type { VertexJobSpec } from './vertex-batch-prediction-job.js';
import { parseLocation } from './vertex-model.js';

/** The multi-regions and the regions in them. */
const MULTI_REGIONS: Readonly<Record<string, string>> = { us: 'us-', eu: 'europe-', asia: 'asia-' };
const REGION = /^[a-z]+-[a-z]+\d+$/;

/**
 * Refuses a job whose input or output is known to be in another location than its model: Vertex AI would create the job
 * and let it fail. What this gateway may not see is left to Vertex AI, which may.
 */
export async function checkLocations(stores: VertexResultStores, spec: VertexJobSpec): Promise<void> {
  const { vertexRequest, vertexParent } = spec;
  const region = parseLocation(vertexParent ?? vertexRequest.model);
  const { inputConfig, outputConfig } = vertexRequest;
  const outputUri = outputConfig?.gcsDestination?.outputUriPrefix ?? outputConfig?.bigqueryDestination?.outputUri;
  const table = inputConfig?.bigquerySource?.inputUri;
  const files = inputConfig?.gcsSource?.uris ?? [];
  const paths = spec.input.kind === 'INSTANCE_FILES' ? 'input.instanceFiles.paths' : 'input.files.paths';
  const uses: readonly Use[] = [
    ...(table ? [{ uri: table, field: 'input.table' }] : []),
    ...files.map((uri, index) => ({ uri, field: `${paths}[${index}]` })),
    ...(outputUri ? [{ uri: outputUri, field: 'output.location' }] : []),
  ];
  // A thousand files are usually in one bucket: each bucket and dataset is asked for once.
  const first = new Map<string, Use>();
  for (const use of uses) {
    const place = toPlace(use.uri);
    if (!first.has(place)) first.set(place, use);
  }
  const locations = new Map<string, string>();
  await forEachConcurrent([...first], LOOKS_AT_ONCE, async ([place, { uri }]) => {
    const location = await findLocation(stores, uri);
    if (location !== undefined) locations.set(place, location);
  });
  for (const [place, { field }] of first) {
    const location = locations.get(place);
    if (location === undefined || isInReach(location, region)) continue;
    throw badInput(
      `This is in ${location}, and the model in ${region}. Vertex AI requires one location for both.`,
      field,
    );
  }
}

/** A place that a job reads or writes, and the argument that named it. */
interface Use {
  readonly uri: string;
  readonly field: string;
}

/** The request waits for the answers, and the quota is shared with all other requests. */
const LOOKS_AT_ONCE = 8;

/** What has a location: a bucket, or a dataset. */
function toPlace(uri: string): string {
  const [bucket] = /^gs:\/\/[^/]+/.exec(uri) ?? [];
  return bucket ?? uri.replace('bq://', '').split('.').slice(0, 2).join('.');
}

/** The location of a bucket or dataset, in lower case; undefined where it cannot be seen. */
async function findLocation({ storage, bigquery }: VertexResultStores, uri: string): Promise<string | undefined> {
  try {
    const [, bucket] = /^gs:\/\/([^/]+)/.exec(uri) ?? [];
    const [project, dataset] = uri.replace('bq://', '').split('.');
    const described: unknown[] =
      bucket === undefined
        ? await (await bigquery()).dataset(dataset!, { projectId: project! }).getMetadata()
        : await (await storage()).bucket(bucket).getMetadata();
    return (described[0] as { readonly location?: string }).location?.toLowerCase();
  } catch {
    return undefined;
  }
}

/** A dual region, such as nam4, is left to Vertex AI: its name does not say which regions it has. */
function isInReach(location: string, region: string): boolean {
  const regions = MULTI_REGIONS[location];
  if (regions !== undefined) return region.startsWith(regions);
  return !REGION.test(location) || location === region;
}
