import { AppError } from '../../../errors/app-error.js';
import type { Clock } from '../../../values/clock.js';
import { MICROS_PER_SECOND, type Instant } from '../../../values/instant.js';
import { withTimeout } from '../../../runtime/with-timeout.js';
import type { EntityType } from '../../registry/model.js';
import { READ_POLICY, withRetry, type CallPolicy } from '../../google/call-policy.js';
import { GRPC_STATUS, readGrpcCode } from '../../google/grpc-status.js';
import { fromProtoTime } from '../../google/vertex/proto-time.js';
import { TtlCache } from '../../google/vertex/ttl-cache.js';
import type { VertexClients } from '../../google/vertex/vertex-clients.js';

/** Caches of the service may say NOT_FOUND of a new view for some minutes after its first sync. */
const SETTLING_MICROS = 5n * 60n * MICROS_PER_SECOND;
/** How long a row is proof: a view that is deleted answers NOT_FOUND from then on. */
const SYNC_PROOF_TTL = MICROS_PER_SECOND * 60n;
/** Readers wait for the answer, and the service that gives it is not the one that serves them. */
const READINESS_POLICY: CallPolicy = { ...READ_POLICY, totalMs: READ_POLICY.attemptMs };
/** A view of which so many syncs in a row failed serves what an older one brought, if anything. */
const MAX_SYNCS_LISTED = 50;

/**
 * Tells what a NOT_FOUND means. The service says it of an entity that is not there, and also of a whole view that has
 * never been synced or was a moment ago; taken for the former, a fresh view would look like one that lost all its data.
 *
 * Values come from one service and the list of syncs from another, and a read never fails for want of the latter: what
 * was last known of the view goes on being true, and where nothing is known NOT_FOUND means what it says.
 */
export class ViewReadiness {
  /** When each view was last known to serve. */
  readonly #serving = new Map<string, Instant>();
  readonly #pendingChecks = new Map<string, TtlCache<boolean | undefined>>();
  /** The views whose last answer was that they do not serve yet. */
  readonly #fresh = new Set<string>();

  constructor(
    readonly clients: VertexClients,
    readonly clock: Clock,
  ) {}

  /** A view that has just given a row serves, whatever its syncs say. */
  hasServed(view: string): void {
    this.#serving.set(view, this.clock());
    this.#fresh.delete(view);
  }

  /**
   * Returns when the view serves, so that the entity is what is missing; throws STORE_UNAVAILABLE when it does not. `end`:
   * when the read must have ended (call-policy.ts).
   */
  async confirm(view: string, entityType: EntityType, end: number): Promise<void> {
    const servedAt = this.#serving.get(view);
    if (servedAt !== undefined && this.clock() - servedAt <= SYNC_PROOF_TTL) return;
    let asked = this.#pendingChecks.get(view);
    if (!asked) this.#pendingChecks.set(view, (asked = new TtlCache(() => this.#isSynced(view), this.clock)));
    // The first question also loads the client that asks it.
    const isSynced = await withTimeout(end - performance.now(), asked.get());
    if (isSynced === true) this.hasServed(view);
    if (isSynced === false) this.#fresh.add(view);
    if (!this.#fresh.has(view)) return;
    throw new AppError(
      'STORE_UNAVAILABLE',
      `Entity type "${entityType.name}" is not served yet: its first sync has not ended, or did some minutes ago.`,
    );
  }

  /** undefined: it could not be asked. */
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
      // An answer too: there is no such view. Anything else is none; a reader of values need not even be allowed to see syncs.
      if (readGrpcCode(error) === GRPC_STATUS.NOT_FOUND) throw error;
      return undefined;
    }
  }
}
