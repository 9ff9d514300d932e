import type { Database, RootDatabase } from 'lmdb';
import type { ListKeys } from '../../../runtime/keyed-list.js';
import type { EntityType, Feature, FeatureSource } from '../../registry/model.js';
import { sourceSlot } from '../merge-rule.js';

/**
 * The number of a feature in the rows of its entity type. It is assigned once and stored in the file: a registry that
 * reorders or drops features must not change the meaning of stored rows.
 *
 * A source has a number too, for its slot (merge-rule.ts).
 */
export class SlotNumbers {
  readonly #stored: Database<number, string>;
  /** Weak: the gateway replaces the objects of its registry. */
  #known = new WeakMap<EntityType, Map<string, number>>();
  #slots = new WeakMap<FeatureSource, SourceSlots>();
  /** By the list of features of a read: most requests of a program share it. */
  #columns = new WeakMap<readonly Feature[], readonly NumberedColumn[]>();

  constructor(environment: RootDatabase) {
    this.#stored = environment.openDB<number, string>({ name: 'slot-numbers' });
  }

  find(entityType: EntityType, name: string): number | undefined {
    const known = this.#of(entityType);
    const number = known.get(name) ?? this.#stored.get(toSlotKey(entityType, name));
    if (number !== undefined) known.set(name, number);
    return number;
  }

  findSource(source: FeatureSource): number | undefined {
    return this.find(source.entityType, sourceSlot(source));
  }

  /** What a read needs to know of its features, in their order. */
  columnsOf(features: readonly Feature[]): readonly NumberedColumn[] {
    const known = this.#columns.get(features);
    if (known) return known;
    const columns = features.map((feature) => ({
      feature,
      ttlMicros: feature.ttl === null ? Infinity : Number(feature.ttl),
      number: this.find(feature.source.entityType, feature.name),
      sourceNumber: this.findSource(feature.source),
    }));
    // A first write of a feature gives it a number.
    const isFinal = columns.every(({ number, sourceNumber }) => number !== undefined && sourceNumber !== undefined);
    if (isFinal) this.#columns.set(features, columns);
    return columns;
  }

  /**
   * Call this inside a write transaction only: the number must be durable before a row that uses it, or together with
   * it.
   */
  assign(entityType: EntityType, name: string): number {
    const found = this.find(entityType, name);
    if (found !== undefined) return found;
    const counter = toSlotKey(entityType, '');
    const number = this.#stored.get(counter) ?? 0;
    void this.#stored.put(counter, number + 1);
    void this.#stored.put(toSlotKey(entityType, name), number);
    this.#of(entityType).set(name, number);
    return number;
  }

  /** The slots that a row of a source may set. Call this inside a write transaction only, as `assign`. */
  slotsOf(source: FeatureSource): SourceSlots {
    let slots = this.#slots.get(source);
    if (!slots) {
      const ofSource = this.assign(source.entityType, sourceSlot(source));
      const ofFeatures = new Map(source.features.map(({ name }) => [name, this.assign(source.entityType, name)]));
      const features = Array.from(ofFeatures, ([feature, number]) => ({ number, feature }));
      const inOrder = [{ number: ofSource, feature: null }, ...features].sort((a, b) => a.number - b.number);
      this.#slots.set(source, (slots = { ofSource, ofFeatures, inOrder, plans: new WeakMap() }));
    }
    return slots;
  }

  /** Gives a number that has a name another name too. Call this inside a write transaction only. */
  name(entityType: EntityType, name: string, number: number): void {
    void this.#stored.put(toSlotKey(entityType, name), number);
    this.forgetUncommitted();
  }

  /** Copies all names and their numbers to another entity type. Call this inside a write transaction only. */
  copy(from: EntityType, to: EntityType): void {
    for (const { key, value } of this.#listStored(from)) {
      void this.#stored.put(toSlotKey(to, key.slice(toSlotKey(from, '').length)), value);
    }
    this.forgetUncommitted();
  }

  /** Call this inside a write transaction only. */
  forget(entityType: EntityType, name: string): void {
    void this.#stored.remove(toSlotKey(entityType, name));
    this.forgetUncommitted();
  }

  /** Call this inside a write transaction only. */
  forgetAll(entityType: EntityType): void {
    for (const { key } of this.#listStored(entityType)) void this.#stored.remove(key);
    this.forgetUncommitted();
  }

  #listStored(entityType: EntityType): { key: string; value: number }[] {
    const prefix = toSlotKey(entityType, '');
    return [...this.#stored.getRange({ start: prefix, end: `${prefix}\uffff` })];
  }

  /** Call this after a failed transaction: memory then has numbers that the file lacks. */
  forgetUncommitted(): void {
    this.#known = new WeakMap();
    this.#slots = new WeakMap();
    this.#columns = new WeakMap();
  }

  #of(entityType: EntityType): Map<string, number> {
    let known = this.#known.get(entityType);
    if (!known) this.#known.set(entityType, (known = new Map<string, number>()));
    return known;
  }
}

/** A feature with the numbers of its slot and of that of its source; undefined: no row has such a slot. */
export interface NumberedColumn {
  readonly feature: Feature;
  /** Its ttl in microseconds, which a number holds exactly. Infinity: there is none. */
  readonly ttlMicros: number;
  readonly number: number | undefined;
  readonly sourceNumber: number | undefined;
}

/** The numbers of the slots of a source. */
export interface SourceSlots {
  readonly ofSource: number;
  /** By the name of the feature. */
  readonly ofFeatures: ReadonlyMap<string, number>;
  /** All of them, by number. */
  readonly inOrder: readonly NumberedSlot[];
  /** By the features of a row that are shared with others. */
  readonly plans: WeakMap<ListKeys<string>, RowPlan>;
}

/** Where the values of a row are in its list, by the numbers of their slots. */
export interface RowPlan {
  /** In order, with the slot of the source. */
  readonly numbers: readonly number[];
  /** For each number, the place of its value in the list; -1 for the slot of the source and a feature that the row lacks. */
  readonly places: readonly number[];
}

/** A slot of a row of some source. */
export interface NumberedSlot {
  readonly number: number;
  /** The name of the feature; null for the slot of the source. */
  readonly feature: string | null;
}

function toSlotKey(entityType: EntityType, name: string): string {
  return `${entityType.featurestore.name}/${entityType.name}/${name}`;
}
