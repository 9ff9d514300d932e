import { OperatorError } from '../../errors/operator-error.js';
import type { VertexClients } from '../../datasources/google/vertex/vertex-clients.js';
import { ADMIN_POLICY, withRetry } from '../../datasources/google/retry-policy.js';
import { hasStatus } from '../../datasources/google/bigquery/api-error.js';
import { locationName, parseResourceId, type VertexPlace } from '../../datasources/google/vertex/resource-names.js';
import type { StepExecutor } from './step-context.js';

/** D quotas: feature online stores of a project and region. */
const ONLINE_STORE_QUOTA = 10;

export interface ViewUse {
  /** All feature views of a project and region, as `store/view`. */
  readonly views: readonly string[];
  readonly onlineStores: readonly string[];
}

/** Which feature views a project and region has. */
export async function readViewUse(clients: VertexClients, place: VertexPlace): Promise<ViewUse> {
  const client = await clients.featureOnlineStores();
  const parent = locationName(place);
  const [stores] = await withRetry(ADMIN_POLICY, (timeout) => client.listFeatureOnlineStores({ parent }, { timeout }));
  const views: string[] = [];
  for (const { name } of stores) {
    const request = { parent: name ?? '' };
    const [listed] = await withRetry(ADMIN_POLICY, (timeout) => client.listFeatureViews(request, { timeout }));
    views.push(...listed.map((view) => `${parseResourceId(name)}/${parseResourceId(view.name)}`));
  }
  return { views, onlineStores: stores.map(({ name }) => parseResourceId(name)) };
}

/** Checks before anything is made what would stop the migration in its middle. Reports all faults at once. */
export const preflight: StepExecutor<'preflight'> = async (step, { services }) => {
  const faults: string[] = [];
  const { project, dataset, location } = step.dataset;
  try {
    const answer: unknown[] = await services.bigQuery.dataset(dataset, { projectId: project }).getMetadata();
    const { location: found } = answer[0] as { readonly location?: string };
    if (found?.toLowerCase() !== location.toLowerCase()) {
      faults.push(`dataset ${dataset} is in ${found}, not in ${location}: plan with --dataset-location`);
    }
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
    faults.push(`there is no dataset ${dataset} in project ${project}: make it in ${location}`);
  }
  const groups = await services.vertex.featureGroups();
  const parent = locationName(step);
  const [listed] = await withRetry(ADMIN_POLICY, (timeout) => groups.listFeatureGroups({ parent }, { timeout }));
  const allGroups = new Set([...listed.map(({ name }) => parseResourceId(name)), ...step.groups]);
  if (allGroups.size > step.groupQuota) {
    faults.push(`there would be ${allGroups.size} feature groups, and the quota is ${step.groupQuota}`);
  }
  for (const target of step.views) {
    const use = await readViewUse(services.vertex, { project: target.project, location: step.location });
    const allViews = new Set([...use.views, ...target.ids.map((id) => `${target.onlineStore}/${id}`)]);
    if (allViews.size > step.viewQuota) {
      faults.push(
        `project ${target.project} would have ${allViews.size} feature views, and the quota is ${step.viewQuota}`,
      );
    }
    const allStores = new Set([...use.onlineStores, target.onlineStore]);
    if (allStores.size > ONLINE_STORE_QUOTA) {
      faults.push(
        `project ${target.project} would have ${allStores.size} online stores, and the quota is ${ONLINE_STORE_QUOTA}`,
      );
    }
  }
  if (faults.length > 0) throw new OperatorError('The migration cannot begin:', faults);
  return null;
};
