import type { EntityType, Feature } from '../../datasources/registry/model.js';
import type { EntityIdMatcher } from './patterns.js';

/** A rule about features of one entity type, for one principal. */
export interface FeatureRule {
  readonly effect: 'ALLOW' | 'DENY';
  readonly features: ReadonlySet<Feature>;
  /** null: all entities. */
  readonly entityIds: EntityIdMatcher | null;
}

/** What was asked for, by what may be read of it. */
interface SelectedFeatures {
  readonly allowed: ReadonlySet<Feature>;
  readonly asked: readonly Feature[];
  readonly permitted: readonly Feature[];
  readonly denied: readonly Feature[];
}

/** Above this number of rules about entity ids, sets are made for each entity and not kept. */
const MAX_KEPT_RULES = 10;

/**
 * The features of one entity type on which a principal may act. It is compiled once, into one set of features for each
 * combination of rules about entity ids: most principals have one set, for all entities.
 */
export class FeatureAccess {
  /** The principal may act on all features of all entities. */
  readonly isFull: boolean;
  /** For all entities. */
  readonly everywhere: ReadonlySet<Feature>;
  /** For some entities at least. */
  readonly anywhere: ReadonlySet<Feature>;
  readonly #conditional: readonly FeatureRule[];
  readonly #kept = new Map<number, ReadonlySet<Feature>>();
  #lastSelected: SelectedFeatures | undefined;

  constructor(
    private readonly entityType: EntityType,
    private readonly rules: readonly FeatureRule[],
  ) {
    this.#conditional = rules.filter(({ entityIds }) => entityIds !== null);
    const allowed = (isAllowed: (rule: FeatureRule) => boolean, isDenied: (rule: FeatureRule) => boolean) =>
      combine(
        entityType,
        rules.filter((rule) => (rule.effect === 'ALLOW' ? isAllowed(rule) : isDenied(rule))),
      );
    const isForAll = ({ entityIds }: FeatureRule): boolean => entityIds === null;
    this.everywhere = allowed(isForAll, () => true);
    this.anywhere = allowed(() => true, isForAll);
    this.isFull = this.everywhere.size === entityType.features.length;
  }

  /** The features of one entity. `entityId` is canonical. */
  ofEntity(entityId: string): ReadonlySet<Feature> {
    if (this.#conditional.length === 0) return this.everywhere;
    const { entityIdColumns } = this.entityType;
    const holds = this.#conditional.map(({ entityIds }) => entityIds!.matches(entityId, entityIdColumns));
    if (holds.length > MAX_KEPT_RULES) return this.#combine(holds);
    const key = holds.reduce((bits, isMatch, index) => (isMatch ? bits | (1 << index) : bits), 0);
    let features = this.#kept.get(key);
    if (!features) this.#kept.set(key, (features = this.#combine(holds)));
    return features;
  }

  /** Whether the features depend on the entity. */
  get isConditional(): boolean {
    return this.#conditional.length > 0;
  }

  /** The features of an entity that a principal asks for, in their order. The entities of a list ask for the same. */
  select(entityId: string, asked: readonly Feature[]): SelectedFeatures {
    const allowed = this.ofEntity(entityId);
    const last = this.#lastSelected;
    if (last?.allowed === allowed && areSame(last.asked, asked)) return last;
    const permitted = asked.filter((feature) => allowed.has(feature));
    const denied = permitted.length === asked.length ? [] : asked.filter((feature) => !allowed.has(feature));
    return (this.#lastSelected = { allowed, asked, permitted, denied });
  }

  has(feature: Feature, entityId: string): boolean {
    return this.isFull || this.ofEntity(entityId).has(feature);
  }

  #combine(holds: readonly boolean[]): ReadonlySet<Feature> {
    let index = 0;
    return combine(
      this.entityType,
      this.rules.filter(({ entityIds }) => entityIds === null || holds[index++]!),
    );
  }
}

/** Requests ask for the same features by lists of their own. */
function areSame(some: readonly Feature[], others: readonly Feature[]): boolean {
  if (some === others) return true;
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index += 1) if (some[index] !== others[index]) return false;
  return true;
}

/** What the rules allow and none of them denies. */
function combine({ features }: EntityType, rules: readonly FeatureRule[]): ReadonlySet<Feature> {
  const has = (effect: FeatureRule['effect'], feature: Feature): boolean =>
    rules.some((rule) => rule.effect === effect && rule.features.has(feature));
  return new Set(features.filter((feature) => has('ALLOW', feature) && !has('DENY', feature)));
}
