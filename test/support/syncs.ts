import type { GraphqlAnswer } from './test-gateway.js';
import { until } from './until.js';

interface RequestedSync {
  ask(query: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer>;
}

const JOB = `id kind state startedAt endedAt error { code message } progress { completed failed total }
  ... on FeatureViewSyncJob { trigger rowsSynced dataWatermark slotMilliseconds featureView { name }
    estimatedCost { total { amount } priceBook { name } assumptions } }`;

/** What the estimate of the same sync says. */
export async function estimateSync(gateway: RequestedSync, input: object = {}) {
  return gateway.ask(
    'query ($input: SyncFeatureViewInput!) { estimateFeatureViewSync(input: $input) { total { amount } assumptions priceBook { name } } }',
    { input: { featurestore: 'shop', featureView: 'basket', ...input } },
  );
}

export const SYNC = `mutation ($input: SyncFeatureViewInput!) {
  syncFeatureView(input: $input) { job { ${JOB} } userErrors { code message field } } }`;

/** What syncFeatureView gives; of the view `basket` in `shop` unless the input says another. */
export async function startSync(gateway: RequestedSync, input: Record<string, unknown> = {}): Promise<any> {
  const { data, errors } = await gateway.ask(SYNC, {
    input: { featurestore: 'shop', featureView: 'basket', ...input },
  });
  if (errors) throw new Error(JSON.stringify(errors));
  return data.syncFeatureView;
}

/** A sync as it is now. */
export async function syncJob(gateway: RequestedSync, id: string): Promise<any> {
  const { data, errors } = await gateway.ask(`query ($id: ID!) { job(id: $id) { ${JOB} } }`, { id });
  if (errors) throw new Error(JSON.stringify(errors));
  return data.job;
}

/** A sync as it has ended. */
export async function waitForJobEnd(gateway: RequestedSync, id: string): Promise<any> {
  let job: any;
  await until(async () => (job = await syncJob(gateway, id)).endedAt !== null);
  return job;
}
