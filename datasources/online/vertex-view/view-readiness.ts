import { AppError } from '../../../errors/app-error.js';
import type { Clock } from '../../../values/clock.js';
import { MICROS_PER_SECOND, type Instant } from '../../../values/instant.js';
import { withTimeout } from '../../../runtime/with-timeout.js';
import type { EntityType } from '../../registry/model.js';
import { READ_POLICY, withRetry, type CallPolicy } from '../../google/retry-policy.js';
import { GRPC_STATUS, readGrpcCode } from '../../google/grpc-status.js';
import { fromProtoTime } from '../../google/vertex/proto-time.js';
import { TtlCache } from '../../google/vertex/ttl-cache.js';
import type { VertexClients } from '../../google/vertex/vertex-clients.js';

/** Caches of the service may return NOT_FOUND for a new view for some minutes after its first sync. */
const SETTLING_MICROS = 5n * 60n * MICROS_PER_SECOND;
/** How long a returned row proves that the view serves. After a view is deleted, the service returns NOT_FOUND. */
const SYNC_PROOF_TTL = MICROS_PER_SECOND * 60n;
/** Readers wait for this answer, and it comes from another service than the values. */
const READINESS_POLICY: CallPolicy = { ...READ_POLICY, totalMs: READ_POLICY.attemptMs };
/** After this number of consecutive failed syncs, a view serves the values of an older sync, if any. */
const MAX_SYNCS_LISTED = 50;

/**
 * Decides what a NOT_FOUND means. The service returns it for an entity that does not exist, and also for a whole view
 * that has never been synced or was synced a moment ago. Without this check, a new view would look as if it had lost
 * all its data.
 *
 * Values come from one service and the list of syncs from another. A read never fails because the list is unavailable:
 * then the last known state of the view stays in force. Without a known state, NOT_FOUND means that the entity does not
 * exist.
 */
export class ViewReadiness {
  /** When each view was last known to serve. */
  readonly #serving = new Map<string, Instant>();
  readonly #pendingChecks = new Map<string, TtlCache<boolean | undefined>>();
  /** The views that did not serve yet at their last check. */
  readonly #fresh = new Set<string>();

  constructor(
    readonly clients: VertexClients,
    readonly clock: Clock,
  ) {}

  /** A view that has just returned a row serves, whatever its syncs say. */
  hasServed(view: string): void {
    this.#serving.set(view, this.clock());
    this.#fresh.delete(view);
  }

  /**
   * Returns when the view serves, so that the entity is what is missing; throws STORE_UNAVAILABLE when it does not
   * serve. `end`: the deadline of the read (retry-policy.ts).
   */
  async confirm(view: string, entityType: EntityType, end: number): Promise<void> {
    const servedAt = this.#serving.get(view);
    if (servedAt !== undefined && this.clock() - servedAt <= SYNC_PROOF_TTL) return;
    let asked = this.#pendingChecks.get(view);
    if (!asked) this.#pendingChecks.set(view, (asked = new TtlCache(() => this.#isSynced(view), this.clock)));
    // The first check also loads its client.
    const isSynced = await withTimeout(end - performance.now(), asked.get());
    if (isSynced === true) this.hasServed(view);
    if (isSynced === false) this.#fresh.add(view);
    if (!this.#fresh.has(view)) return;
    throw new AppError(
      'STORE_UNAVAILABLE',
      `Entity type "${entityType.name}" is not served yet: its first sync has not ended, or did some minutes ago.`,
    );
  }

  /** undefined: the check failed. */
  async #isSynced(view: string): Promise<boolean | undefined> {
    const request = { parent: view, pageSize: MAX_SYNCS_LISTED, orderBy: 'create_time desc' };
    try {
      const admin = await this.clients.featureOnlineStores();
      const [syncs] = await withRetry(READINESS_POLICY, (timeout) =>
        admin.listFeatureViewSyncs(request, { timeout, autoPaginate: false }),
      );
      const settled = this.clock() - SETTLING_MICROS;
      return syncs.some(({ finalStatus, runTime }) => {
        const end = fromProtoTime(runTime?.endTime);
        return end !== null && end <= settled && (finalStatus?.code ?? 0) === 0;
      });
    } catch (error) {
      // NOT_FOUND is an answer too: the view does not exist. Other errors are no answer: a reader of values may lack
      // the permission to list syncs.
      if (readGrpcCode(error) === GRPC_STATUS.NOT_FOUND) throw error;
      return undefined;
    }
  }
}
