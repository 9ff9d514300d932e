import { badInput } from '../../errors/app-error.js';
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
  const [inputUri = inputConfig?.bigquerySource?.inputUri] = inputConfig?.gcsSource?.uris ?? [];
  const outputUri = outputConfig?.gcsDestination?.outputUriPrefix ?? outputConfig?.bigqueryDestination?.outputUri;
  const inputField = {
    TABLE: 'input.table',
    FILES: 'input.files',
    INSTANCE_FILES: 'input.instanceFiles',
    TRAINING_SET: 'input',
  };
  const places: readonly (readonly [field: string, uri: string | null | undefined])[] = [
    [inputField[spec.input.kind], inputUri],
    ['output.location', outputUri],
  ];
  const locations = await Promise.all(places.map(async ([, uri]) => (uri ? findLocation(stores, uri) : undefined)));
  for (const [index, [field]] of places.entries()) {
    const location = locations[index];
    if (location === undefined || isInReach(location, region)) continue;
    throw badInput(
      `This is in ${location}, and the model in ${region}. Vertex AI requires one location for both.`,
      field,
    );
  }
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
