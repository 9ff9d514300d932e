import { AppError } from '../../../errors/app-error.js';
import type { Clock } from '../../../values/clock.js';
import { MICROS_PER_SECOND } from '../../../values/instant.js';
import type { EntityType } from '../../registry/model.js';
import { ADMIN_POLICY, GRPC_STATUS, grpcCodeOf, retrying } from '../../vertex/call-policy.js';
import { fromProtoTime } from '../../vertex/proto-time.js';
import { RecentAnswer } from '../../vertex/recent-answer.js';
import type { VertexClients } from '../../vertex/vertex-clients.js';

/** Caches of the service may say NOT_FOUND of a new view for some minutes after its first sync. */
const SETTLING = 5n * 60n * MICROS_PER_SECOND;
/** A view of which so many syncs in a row failed serves what an older one brought, if anything. */
const SYNCS_LOOKED_AT = 50;

/**
 * Tells what a NOT_FOUND means. The service says it of an entity that is not there, and also of a whole view that has
 * never been synced or was a moment ago; taken for the former, a fresh view would look like one that lost all its data.
 */
export class ViewReadiness {
  readonly #serving = new Set<string>();
  readonly #asked = new Map<string, RecentAnswer<boolean>>();

  constructor(
    readonly clients: VertexClients,
    readonly clock: Clock,
  ) {}

  /** A view that has given a row serves, whatever its syncs say. */
  hasServed(view: string): void {
    this.#serving.add(view);
  }

  /** Returns when the view serves, so that the entity is what is missing; throws STORE_UNAVAILABLE when it does not. */
  async confirm(view: string, entityType: EntityType): Promise<void> {
    if (this.#serving.has(view)) return;
    let asked = this.#asked.get(view);
    if (!asked) this.#asked.set(view, (asked = new RecentAnswer(() => this.#isSynced(view), this.clock)));
    if (await asked.get()) {
      this.#serving.add(view);
      return;
    }
    throw new AppError(
      'STORE_UNAVAILABLE',
      `Entity type "${entityType.name}" is not served yet: its first sync has not ended, or did some minutes ago.`,
    );
  }

  async #isSynced(view: string): Promise<boolean> {
    const admin = await this.clients.featureOnlineStores();
    const request = { parent: view, pageSize: SYNCS_LOOKED_AT, orderBy: 'create_time desc' };
    try {
      const [syncs] = await retrying(ADMIN_POLICY, (timeout) =>
        admin.listFeatureViewSyncs(request, { timeout, autoPaginate: false }),
      );
      const settled = this.clock() - SETTLING;
      return syncs.some(({ finalStatus, runTime }) => {
        const end = fromProtoTime(runTime?.endTime);
        return end !== null && end <= settled && (finalStatus?.code ?? 0) === 0;
      });
    } catch (error) {
      // A reader of values need not be allowed to see syncs. Then the entity is what most likely is missing.
      if (grpcCodeOf(error) === GRPC_STATUS.PERMISSION_DENIED) return true;
      throw error;
    }
  }
}
