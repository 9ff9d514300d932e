import { LIMITS } from '../limits.js';
import { QuotaWindows } from '../quota-windows.js';
import { refuse } from './refusal.js';

const { quotasPerMinute: QUOTAS } = LIMITS.vertex;
type Quota = keyof typeof QUOTAS;

const ONLINE = /^(Streaming)?(Read|Fetch)FeatureValues$/;
/** What begins a long-running operation or a job. */
const SUBMISSIONS = /^(BatchCreateFeatures|ExportFeatureValues|CreateBatchPredictionJob|SyncFeatureView)$/;
const LONG_RUNNING =
  /^(Create|Update|Delete)(FeatureGroup|FeatureOnlineStore|FeatureView|Feature|Featurestore|EntityType)$/;

/**
 * The quotas a minute of a project and region. They are off unless a test says how long a minute is: a test that waits for
 * real minutes would show nothing more.
 */
export class VertexQuotas {
  minuteMs: number | null = null;
  readonly #windows = new QuotaWindows();

  /** How often each quota refused a request. */
  get refused(): ReadonlyMap<string, number> {
    return this.#windows.refused;
  }

  /** Refuses a request beyond a quota, before anything is done. */
  check(method: string, request: { readonly requests?: readonly unknown[] }): void {
    if (ONLINE.test(method)) return this.#take('onlineServing');
    // Operations are looked at by another service, whose quota no page states.
    if (/^(Get|List)Operations?$/.test(method)) return;
    this.#take(SUBMISSIONS.test(method) || LONG_RUNNING.test(method) ? 'submissions' : 'management');
    if (method === 'CreateFeature') this.#take('featureCreations');
    if (method === 'BatchCreateFeatures') this.#take('featureCreations', request.requests?.length ?? 0);
  }

  #take(quota: Quota, count = 1): void {
    const { value, metric } = QUOTAS[quota];
    if (this.minuteMs === null || this.#windows.take(quota, value, this.minuteMs, count)) return;
    refuse(
      'RESOURCE_EXHAUSTED',
      `Quota exceeded for quota metric '${metric}' and limit '${metric} per minute per region' of service ` +
        "'aiplatform.googleapis.com' for consumer 'project_number:123456789012'.",
    );
  }
}
