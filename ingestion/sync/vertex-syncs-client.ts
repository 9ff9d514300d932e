import type { protos } from '@google-cloud/aiplatform';
import type { Instant } from '../../values/instant.js';
import { ADMIN_POLICY, withRetry, type CallPolicy } from '../../datasources/google/retry-policy.js';
import { fromProtoTime } from '../../datasources/google/vertex/proto-time.js';
import { featureViewName, parseResourceId, type VertexPlace } from '../../datasources/google/vertex/resource-names.js';
import type { VertexClients } from '../../datasources/google/vertex/vertex-clients.js';

/** A run as Vertex AI reports it. */
export interface VertexSync {
  /** Unique in its feature view. */
  readonly id: string;
  readonly state: 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  readonly createTime: Instant;
  readonly startTime: Instant | null;
  readonly endTime: Instant | null;
  /** Known at the end, as are BigQuery's slot milliseconds, which are billed. */
  readonly rowsSynced: bigint | null;
  readonly slotMillis: bigint | null;
  /** For a continuous sync: all changes up to this time are served. */
  readonly watermark: Instant | null;
  /** For the operator: it may name tables and projects. */
  readonly error: string | null;
}

/** The runs that sync a feature view with its tables: begin, get and list them. */
export class VertexSyncsClient {
  constructor(
    readonly clients: VertexClients,
    readonly place: VertexPlace,
    readonly featureOnlineStore: string,
  ) {}

  /** Whether a view syncs continuously: then no sync of it can be started. */
  async isContinuous(featureView: string): Promise<boolean> {
    const admin = await this.clients.featureOnlineStores();
    const request = { name: this.#toResourceName(featureView) };
    const [view] = await withRetry(ADMIN_POLICY, (timeout) => admin.getFeatureView(request, { timeout }));
    return view.syncConfig?.continuous ?? false;
  }

  /**
   * Begins a sync unless one began after `before`, the newest at that time (null: there was none), and returns its
   * first state. When another sync runs, it waits for that one's end. Beginning is not idempotent at Vertex AI, and a
   * second run would read (and bill) the tables twice. So a new run counts as ours: the response to its begin was lost,
   * or the process ended before it stored the run. If another system began it, it brings the same values.
   */
  async startSync(featureView: string, before: string | null): Promise<VertexSync> {
    const admin = await this.clients.featureOnlineStores();
    return withRetry(ADMIN_POLICY, async (timeout) => {
      const begun = await this.findStartedSince(featureView, before);
      if (begun) return begun;
      const [{ featureViewSync }] = await admin.syncFeatureView(
        { featureView: this.#toResourceName(featureView) },
        { timeout },
      );
      return this.get(featureView, parseResourceId(featureViewSync));
    });
  }

  async findStartedSince(featureView: string, before: string | null): Promise<VertexSync | undefined> {
    const [newest] = await this.list(featureView, 1);
    return newest && newest.id !== before ? newest : undefined;
  }

  async get(featureView: string, id: string): Promise<VertexSync> {
    const admin = await this.clients.featureOnlineStores();
    const name = `${this.#toResourceName(featureView)}/featureViewSyncs/${id}`;
    const [sync] = await withRetry(ADMIN_POLICY, (timeout) => admin.getFeatureViewSync({ name }, { timeout }));
    return parseVertexSync(sync);
  }

  /** Newest first. */
  async list(featureView: string, most: number, policy: CallPolicy = ADMIN_POLICY): Promise<VertexSync[]> {
    const admin = await this.clients.featureOnlineStores();
    const request = { parent: this.#toResourceName(featureView), pageSize: most, orderBy: 'create_time desc' };
    const [syncs] = await withRetry(policy, (timeout) =>
      admin.listFeatureViewSyncs(request, { timeout, autoPaginate: false }),
    );
    return syncs.map(parseVertexSync);
  }

  #toResourceName(featureView: string): string {
    return featureViewName(this.place, this.featureOnlineStore, featureView);
  }
}

/** A sync without an end is running, or waits for another. Its status has no code, which reads as OK: 0. */
function parseVertexSync(sync: protos.google.cloud.aiplatform.v1.IFeatureViewSync): VertexSync {
  const endTime = fromProtoTime(sync.runTime?.endTime);
  const hasFailed = (sync.finalStatus?.code ?? 0) !== 0;
  return {
    id: parseResourceId(sync.name),
    state: hasFailed ? 'FAILED' : endTime === null ? 'RUNNING' : 'SUCCEEDED',
    createTime: fromProtoTime(sync.createTime) ?? 0n,
    startTime: fromProtoTime(sync.runTime?.startTime),
    endTime,
    rowsSynced: count(sync.syncSummary?.rowSynced),
    slotMillis: count(sync.syncSummary?.totalSlot),
    watermark: fromProtoTime(sync.syncSummary?.systemWatermarkTime),
    error: hasFailed ? (sync.finalStatus?.message ?? '') : null,
  };
}

function count(number: unknown): bigint | null {
  return typeof number === 'string' || typeof number === 'number' ? BigInt(number) : null;
}
