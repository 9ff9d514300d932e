import { forEachConcurrent } from '../../../runtime/for-each-concurrent.js';
import { Pace } from '../../../runtime/pace.js';
import { toChunks } from '../../../runtime/to-chunks.js';
import type { EntityType, FeatureSource } from '../../registry/model.js';
import type { FillRequest, OnlineWrite } from '../online-store.js';
import { MAX_CONCURRENT_CALLS } from '../../google/bigtable/client.js';
import { toCells, writeCells, type WriteTarget } from './conditional-write.js';
import { FillLease, LeaseLost, type LeaseTerms } from './fill-lease.js';
import { FillStateRow } from './fill-state-row.js';
import { mutateRows } from './mutate-rows.js';
import { deleteStaleCells, isEmpty, markOf, readMarks, replaceRowChange } from './replace-source.js';
import { fillStateKey, rowKey } from './row-key.js';

/** More rows in a request, or more requests, were not faster on the emulator. */
const ROWS_PER_REQUEST = 50;
const CONCURRENT_REQUESTS = 8;
/** A request may have 100,000 changes, and a row with 1,000 features has 2,000. */
const MAX_COLUMNS_PER_REQUEST = 10_000;

export interface FillTerms extends LeaseTerms {
  /** The most rows that a fill writes in a second, so that it leaves the table time for reads. */
  readonly rowsPerSecond: number;
}

/**
 * Fills an entity type in a table from which other gateways serve; see FillableOnlineStore. A lease ensures that one
 * process fills at a time. The fill clears the mark "filled" before its first change and sets it after its last. A fill
 * that broke off is resumed by the next one with the same contents: it leaves out the rows that are replaced already.
 */
export async function fillEntityType(
  target: WriteTarget,
  entityType: EntityType,
  filling: FillRequest,
  terms: FillTerms,
): Promise<boolean> {
  const row = new FillStateRow(target, fillStateKey(entityType));
  const lease = await FillLease.acquire(row, terms);
  if (!lease) {
    await FillLease.waitUntilFree(row, terms);
    return false;
  }
  try {
    const state = await row.read();
    // Another process may have filled it after the caller's check and before this lease.
    if (state.fingerprint !== filling.expectedFill) return false;
    const begun = state.begun?.fingerprint === filling.fingerprint ? state.begun : undefined;
    const name = begun?.filling ?? terms.filling;
    await lease.begin({ filling: name, fingerprint: filling.fingerprint });
    const isNew = await isEmpty(target, entityType);
    await new Fill(
      target,
      entityType,
      { filling: name, isResumed: begun !== undefined && !isNew, isNew },
      terms,
      lease,
    ).run(filling);
    await lease.finish(filling.fingerprint);
    return true;
  } catch (error) {
    if (error instanceof LeaseLost) return false;
    throw error;
  } finally {
    await lease.release();
  }
}

interface FillStart {
  readonly filling: string;
  /** Another process wrote some of the rows. */
  readonly isResumed: boolean;
  /** The table had no row of the entity type. */
  readonly isNew: boolean;
}

type EntityWrites = readonly [entityId: string, writes: readonly OnlineWrite[]];

class Fill {
  readonly #pace: Pace;
  #entities = 0;

  constructor(
    private readonly target: WriteTarget,
    private readonly entityType: EntityType,
    private readonly start: FillStart,
    terms: FillTerms,
    private readonly lease: FillLease,
  ) {
    this.#pace = new Pace(terms.rowsPerSecond);
  }

  async run({ readWrites, onProgress }: FillRequest): Promise<void> {
    const { target, entityType, start, lease } = this;
    for (const source of entityType.sources) {
      const isComputed = source.sql !== null;
      for await (const writes of readWrites(source)) {
        const entities = [...Map.groupBy(writes, ({ entityId }) => entityId)];
        await (isComputed ? this.#replace(source, entities) : this.#merge(entities));
        this.#entities += entities.length;
        onProgress?.(this.#entities);
      }
      // In a table that was empty, this fill wrote all values of the source.
      if (isComputed && !start.isNew) {
        await deleteStaleCells(target, entityType, source, start.filling, lease.assertHeld);
      }
    }
  }

  async #replace(source: FeatureSource, entities: readonly EntityWrites[]): Promise<void> {
    const { target, entityType, start, lease } = this;
    const columns = source.features.length + 2;
    const rows = Math.max(1, Math.min(ROWS_PER_REQUEST, Math.floor(MAX_COLUMNS_PER_REQUEST / columns)));
    await forEachConcurrent(toChunks(entities, rows), CONCURRENT_REQUESTS, async (some) => {
      const keyed = some.map(([entityId, writes]) => ({ key: rowKey(entityType, entityId), writes }));
      const keys = keyed.map(({ key }) => key);
      const marks = start.isResumed ? await readMarks(target, source, keys) : undefined;
      const open = marks ? keyed.filter(({ key, writes }) => marks.get(key) !== markOf(start.filling, writes)) : keyed;
      const replacement = { source, filling: start.filling, isNew: start.isNew };
      const changes = open.map(({ key, writes }) => replaceRowChange(target.family, key, writes, replacement));
      if (changes.length === 0) return;
      await this.#pace.take(changes.length);
      lease.assertHeld();
      await mutateRows(target, changes);
    });
  }

  /** Clients write this source too, so the newer value of each cell stays. */
  async #merge(entities: readonly EntityWrites[]): Promise<void> {
    const { target, entityType, lease } = this;
    await forEachConcurrent(entities, MAX_CONCURRENT_CALLS, async ([entityId, writes]) => {
      await this.#pace.take(1);
      lease.assertHeld();
      await writeCells(target, rowKey(entityType, entityId), toCells(writes));
    });
  }
}
