import pRetry from 'p-retry';
import { OperatorError } from '../../errors/operator-error.js';
import { hasStatus } from '../../datasources/google/bigquery/api-error.js';
import { ADMIN_POLICY, withRetry } from '../../datasources/google/retry-policy.js';
import { ALREADY_THERE } from './operations.js';
import type { StepExecutor } from './step-context.js';

interface DatasetMetadata {
  readonly etag?: string;
  readonly access?: readonly { readonly role?: string; readonly userByEmail?: string }[];
}

const RETRIES = 5;

/**
 * Adds the service account of each view to the readers of the dataset. `READER` of a dataset is
 * roles/bigquery.dataViewer. The etag keeps what others change at the same time.
 */
export const grantAccess: StepExecutor<'grant'> = async (step, { services }) => {
  const client = await services.vertex.featureOnlineStores();
  const accounts = new Set<string>();
  for (const name of step.views) {
    const [view] = await withRetry(ADMIN_POLICY, (timeout) => client.getFeatureView({ name }, { timeout }));
    if (!view.serviceAccountEmail) {
      throw new OperatorError(`${step.title}: a view has no service account yet.`, ['run the command again later']);
    }
    accounts.add(view.serviceAccountEmail);
  }
  const dataset = services.bigQuery.dataset(step.dataset.dataset, { projectId: step.dataset.project });
  const added = await pRetry(
    async () => {
      const answer: unknown[] = await dataset.getMetadata();
      const { access = [], etag } = answer[0] as DatasetMetadata;
      const readers = new Set(access.filter(({ role }) => role === 'READER').map(({ userByEmail }) => userByEmail));
      const missing = [...accounts].filter((account) => !readers.has(account));
      if (missing.length > 0) {
        const entries = missing.map((userByEmail) => ({ role: 'READER', userByEmail }));
        await dataset.setMetadata({ etag, access: [...access, ...entries] });
      }
      return missing.length;
    },
    { retries: RETRIES, minTimeout: services.createPolicy.pauseMs, shouldRetry: ({ error }) => hasStatus(error, 412) },
  );
  return added === 0 ? ALREADY_THERE : null;
};
