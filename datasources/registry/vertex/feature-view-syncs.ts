import type { protos } from '@google-cloud/aiplatform';
import type { Instant } from '../../../values/instant.js';
import { ADMIN_POLICY, retrying } from '../../vertex/call-policy.js';
import { fromProtoTime } from '../../vertex/proto-time.js';
import { featureViewName, idOf, type VertexPlace } from '../../vertex/resource-names.js';
import type { VertexClients } from '../../vertex/vertex-clients.js';

export interface FeatureViewSync {
  /** Unique in its feature view. */
  readonly id: string;
  readonly state: 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  readonly createTime: Instant;
  readonly startTime: Instant | null;
  readonly endTime: Instant | null;
  /** Known at the end, as are the slot milliseconds of BigQuery, which are billed. */
  readonly rowsSynced: bigint | null;
  readonly slotMillis: bigint | null;
  /** Of a continuous sync: all changes up to then are served. */
  readonly watermark: Instant | null;
  /** For the operator: it may name tables and projects. */
  readonly error: string | null;
}

/** The runs that bring a feature view up to its tables: start one, look at one, list them. */
export class FeatureViewSyncs {
  constructor(
    readonly clients: VertexClients,
    readonly place: VertexPlace,
    readonly featureOnlineStore: string,
  ) {}

  /**
   * Starts a sync and gives it as it is just after. When another is running it waits for that one's end. A view that is
   * synced continuously refuses. Starting is not idempotent: after a failure a sync that was not there before is taken
   * for the one that was begun, since starting again would read (and bill) the tables twice.
   */
  async start(featureView: string): Promise<FeatureViewSync> {
    const admin = await this.clients.featureOnlineStores();
    const [before] = await this.list(featureView, 1);
    let isRetry = false;
    return retrying(ADMIN_POLICY, async (timeout) => {
      const [newest] = isRetry ? await this.list(featureView, 1) : [];
      if (newest && newest.id !== before?.id) return newest;
      isRetry = true;
      const [{ featureViewSync }] = await admin.syncFeatureView(
        { featureView: this.#nameOf(featureView) },
        { timeout },
      );
      return this.get(featureView, idOf(featureViewSync));
    });
  }

  async get(featureView: string, id: string): Promise<FeatureViewSync> {
    const admin = await this.clients.featureOnlineStores();
    const name = `${this.#nameOf(featureView)}/featureViewSyncs/${id}`;
    const [sync] = await retrying(ADMIN_POLICY, (timeout) => admin.getFeatureViewSync({ name }, { timeout }));
    return syncFrom(sync);
  }

  /** The newest first. */
  async list(featureView: string, most: number): Promise<FeatureViewSync[]> {
    const admin = await this.clients.featureOnlineStores();
    const request = { parent: this.#nameOf(featureView), pageSize: most, orderBy: 'create_time desc' };
    const [syncs] = await retrying(ADMIN_POLICY, (timeout) =>
      admin.listFeatureViewSyncs(request, { timeout, autoPaginate: false }),
    );
    return syncs.map(syncFrom);
  }

  #nameOf(featureView: string): string {
    return featureViewName(this.place, this.featureOnlineStore, featureView);
  }
}

/** A sync without an end is running, or waits for another. Its status has no code, which reads as OK: 0. */
function syncFrom(sync: protos.google.cloud.aiplatform.v1.IFeatureViewSync): FeatureViewSync {
  const endTime = fromProtoTime(sync.runTime?.endTime);
  const hasFailed = (sync.finalStatus?.code ?? 0) !== 0;
  return {
    id: idOf(sync.name),
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
