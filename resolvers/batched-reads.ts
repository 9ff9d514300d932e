import DataLoader from 'dataloader';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import { inSpan } from '../runtime/spans.js';
import { turns } from '../runtime/turns.js';
import { NOT_FOUND_CELL, type FeatureCell } from '../values/feature-cell.js';
import type { Instant } from '../values/instant.js';
import { rowTexts, type RowTexts } from '../values/row-texts.js';

/** An entity and the point in time of its values. */
export interface EntityKey {
  readonly entityType: EntityType;
  readonly entityId: string;
  readonly asOf: Instant | null;
  /** undefined if the read has no options, as most reads. */
  readonly options?: ReadOptions | undefined;
}

/** The options of a read. */
export interface ReadOptions {
  /** The read uses rows written at or before this time. null: all rows. */
  readonly knownAt: Instant | null;
  /** The read does not use values at exactly the point in time. */
  readonly strictlyBefore: boolean;
  /** EXPIRED cells keep their values. */
  readonly includeExpired: boolean;
}

/** A read of a store: cells[i][j] is feature j of entity i. `maxKeys` is the number of entities in one read. */
export interface StoreRead {
  readonly maxKeys: number;
  readonly read: (entities: readonly EntityKey[], features: readonly Feature[]) => Promise<FeatureCell[][]>;
  /** The same as JSON. Absent: the store has no quicker way than the cells. */
  readonly readTexts?:
    ((entities: readonly EntityKey[], features: readonly Feature[]) => Promise<RowTexts[]>) | undefined;
}

/** Cells that are written as JSON in one go: this takes some milliseconds. */
const TEXTS_PER_TURN = 20_000;

/** Reads whose fields are resolved in one turn of the event loop: some milliseconds for a hundred features. */
const READS_PER_TURN = 50;

/** The rows of the entities of one batch, which have the features in the same order. */
class BatchRows<Row> {
  #indexes: ReadonlyMap<Feature, number> | undefined;

  constructor(
    private readonly features: readonly Feature[],
    private readonly rows: readonly Row[],
    /** Gives some columns of a row; -1 is a column that it does not have. */
    private readonly pickColumns: (row: Row, columns: readonly number[]) => Row,
  ) {}

  /** Some features of some rows. */
  pick(rows: readonly number[], features: readonly Feature[]): Row[] {
    // Most reads of a batch ask for the same.
    if (areSame(features, this.features)) return rows.map((row) => this.rows[row]!);
    const indexes = (this.#indexes ??= new Map(this.features.map((feature, index) => [feature, index])));
    const columns = features.map((feature) => indexes.get(feature) ?? -1);
    return rows.map((row) => this.pickColumns(this.rows[row]!, columns));
  }
}

function pickCells(row: FeatureCell[], columns: readonly number[]): FeatureCell[] {
  return columns.map((column) => row[column] ?? NOT_FOUND_CELL);
}

function areSame(some: readonly Feature[], others: readonly Feature[]): boolean {
  return (
    some === others || (some.length === others.length && some.every((feature, index) => feature === others[index]))
  );
}

/** Is told of each batch that a store is asked for. */
export type NoteRead = (entities: readonly EntityKey[], features: readonly Feature[]) => void;

function pickFound(row: RowTexts, columns: readonly number[]): RowTexts {
  return row.pick(columns, 'NOT_FOUND');
}

/** What one field, or one list of entities, asks for. */
interface AskedRows {
  readonly entities: readonly EntityKey[];
  readonly features: readonly Feature[];
  /** It is asked for as JSON. */
  readonly asTexts: boolean;
}

/** A row in the form that was asked for. */
type AnyRow = FeatureCell[] | RowTexts;

/** The reads of a tick, joined: an entity is one key, and the store reads what any of them asked for of all of them. */
class Batch {
  readonly entities: EntityKey[] = [];
  readonly #wanted = new Set<Feature>();
  readonly #rows = new Map<string, number>();
  #lastWanted: readonly Feature[] = [];
  /** The list that all asked for so far, if it has each feature once. */
  #common: readonly Feature[] | undefined;

  /** Each feature once. */
  get wanted(): readonly Feature[] {
    return this.#common ?? [...this.#wanted];
  }

  /** Returns the rows of the entities. */
  add({ entities, features }: AskedRows): number[] {
    this.#want(features);
    return entities.map((entity) => {
      const key = keyOf(entity);
      let row = this.#rows.get(key);
      if (row === undefined) this.#rows.set(key, (row = this.entities.push(entity) - 1));
      return row;
    });
  }

  /** The entities of a list ask for the same features, one after the other. */
  #want(features: readonly Feature[]): void {
    if (areSame(features, this.#lastWanted)) return;
    this.#lastWanted = features;
    const isFirst = this.#wanted.size === 0;
    for (const feature of features) this.#wanted.add(feature);
    this.#common = isFirst && this.#wanted.size === features.length ? features : undefined;
  }
}

/** Reads of one entity type from one store, batched by a DataLoader: a key is what one field or list asks for. */
export class BatchedReads {
  // No cache: a later tick can need other features of the same entities.
  // DataLoader resolves the promise of a key with its value: a promise as the value delays that key alone.
  readonly #loader = new DataLoader<AskedRows, AnyRow[]>((asked) => this.#send(asked) as Promise<AnyRow[][]>, {
    cache: false,
  });

  constructor(
    private readonly store: StoreRead,
    private readonly noteRead: NoteRead,
  ) {}

  async load(entity: EntityKey, features: readonly Feature[]): Promise<FeatureCell[]> {
    return (await this.loadMany([entity], features))[0]!;
  }

  async loadOne(entity: EntityKey, feature: Feature): Promise<FeatureCell> {
    return (await this.load(entity, [feature]))[0]!;
  }

  /** The same for many entities. The caller splits what follows into turns. */
  loadMany(entities: readonly EntityKey[], features: readonly Feature[]): Promise<FeatureCell[][]> {
    return this.#loader.load({ entities, features, asTexts: false }) as Promise<FeatureCell[][]>;
  }

  /** The same as JSON. */
  loadTexts(entities: readonly EntityKey[], features: readonly Feature[]): Promise<RowTexts[]> {
    return this.#loader.load({ entities, features, asTexts: true }) as Promise<RowTexts[]>;
  }

  async #send(asked: readonly AskedRows[]): Promise<(AnyRow[] | Promise<AnyRow[]>)[]> {
    const batch = new Batch();
    const rowsOf = asked.map((one) => batch.add(one));
    const pick = await inSpan(
      'loader.batch',
      () => this.#read(batch, asked),
      () => ({ attributes: { 'featuregraph.entities': batch.entities.length } }),
    );
    const rowsFor = (index: number): AnyRow[] => pick(asked[index]!, rowsOf[index]!);
    return asked.length <= READS_PER_TURN ? asked.map((_, index) => rowsFor(index)) : inTurns(asked.length, rowsFor);
  }

  /** One read for all: as JSON where the store has it and no reader asks for cells. Returns the function that picks from it. */
  async #read(
    { entities, wanted }: Batch,
    asked: readonly AskedRows[],
  ): Promise<(asked: AskedRows, rows: readonly number[]) => AnyRow[]> {
    this.noteRead(entities, wanted);
    const { maxKeys, read, readTexts } = this.store;
    if (readTexts && asked.every(({ asTexts }) => asTexts)) {
      const maxRows = Math.min(maxKeys, Math.ceil(TEXTS_PER_TURN / wanted.length));
      const texts = new BatchRows(wanted, await inChunks(entities, wanted, maxRows, readTexts), pickFound);
      return ({ features }, rows) => texts.pick(rows, features);
    }
    const cells = new BatchRows(wanted, await inChunks(entities, wanted, maxKeys, read), pickCells);
    return ({ features, asTexts }, rows) => {
      const picked = cells.pick(rows, features);
      return asTexts ? rowTexts(features, picked) : picked;
    };
  }
}

/** Reads as many entities at a time as one read takes. */
async function inChunks<Row>(
  entities: readonly EntityKey[],
  features: readonly Feature[],
  maxKeys: number,
  read: (entities: readonly EntityKey[], features: readonly Feature[]) => Promise<Row[]>,
): Promise<Row[]> {
  // Most reads are one chunk, which needs no look at the clock.
  if (entities.length <= maxKeys) return read(entities, features);
  const chunks: Promise<Row[]>[] = [];
  for (let start = 0; start < entities.length; start += maxKeys) {
    const turn = start === 0 ? undefined : turns.take();
    if (turn) await turn;
    chunks.push(read(entities.slice(start, start + maxKeys), features));
  }
  return (await Promise.all(chunks)).flat();
}

/**
 * The results of many reads, in slices: each slice is resolved in a turn of its own. Otherwise the fields of 10,000 entities
 * would all be resolved at once, and no other request would be served in that second.
 */
function inTurns<Result>(count: number, resultOf: (index: number) => Result): Promise<Result>[] {
  const results: Promise<Result>[] = [];
  let slice: Promise<void> = Promise.resolve();
  for (let index = 0; index < count; index += 1) {
    if (index % READS_PER_TURN === 0) slice = slice.then(() => turns.take());
    results.push(slice.then(() => resultOf(index)));
  }
  return results;
}

function keyOf({ entityId, asOf }: EntityKey): string {
  return asOf === null ? `@${entityId}` : `${asOf}@${entityId}`;
}
