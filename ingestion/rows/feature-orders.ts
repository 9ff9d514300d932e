import type { EntityType, Feature } from '../../datasources/registry/model.js';
import { KeyedList, ListKeys } from '../../runtime/keyed-list.js';
import type { RawValue } from '../../values/value-type.js';
import type { IncomingRow } from '../feature-writer.js';

/** Clients write few combinations of features, each in one order. Rows beyond these have keys of their own. */
const MAX_ORDERS = 1_000;

/** The features that a row has so far, in its order. */
export interface FeatureOrder {
  /** The last of them; null when there is none. */
  readonly last: Feature | null;
  /** Rows with the same features in the same order share these. */
  readonly keys: ListKeys<Feature>;
  /** The feature that followed in the row before: most rows have the features of the row before. */
  readonly expected: Feature | null;
  /** With one feature more; undefined for an unknown feature, one that the row has already, and one order too many. */
  readonly next: (name: string) => FeatureOrder | undefined;
}

const orders = new WeakMap<EntityType, FeatureOrder>();

/** The order of a row of an entity type without features. */
export function firstOrder(entityType: EntityType): FeatureOrder {
  let first = orders.get(entityType);
  if (!first) {
    const features = new Map(entityType.features.map((feature) => [feature.name, feature]));
    first = new Order(null, null, { features, left: MAX_ORDERS });
    orders.set(entityType, first);
  }
  return first;
}

/** Values by feature. No feature comes twice. */
export function toRowValues(
  entityType: EntityType,
  features: readonly Feature[],
  values: readonly (RawValue | null)[],
): IncomingRow['values'] {
  let order: FeatureOrder | undefined = firstOrder(entityType);
  for (const { name } of features) order = order?.next(name);
  return new KeyedList(order?.keys ?? new ListKeys(features), values);
}

class Order implements FeatureOrder {
  expected: Feature | null = null;
  #expectedOrder: Order | undefined;
  #keys: ListKeys<Feature> | undefined;
  readonly #next = new Map<string, Order>();

  constructor(
    private readonly before: Order | null,
    readonly last: Feature | null,
    private readonly all: { readonly features: ReadonlyMap<string, Feature>; left: number },
  ) {}

  get keys(): ListKeys<Feature> {
    return (this.#keys ??= new ListKeys(this.#list()));
  }

  next(name: string): Order | undefined {
    if (this.expected?.name === name) return this.#expectedOrder;
    const feature = this.all.features.get(name);
    const next = feature && (this.#next.get(name) ?? this.#add(feature));
    if (next) [this.expected, this.#expectedOrder] = [feature, next];
    return next;
  }

  #add(feature: Feature): Order | undefined {
    if (this.all.left === 0 || this.#list().includes(feature)) return undefined;
    this.all.left -= 1;
    const next = new Order(this, feature, this.all);
    this.#next.set(feature.name, next);
    return next;
  }

  #list(): Feature[] {
    return this.before && this.last ? [...this.before.#list(), this.last] : [];
  }
}
