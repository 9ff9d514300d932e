import type { EntityType, Feature, FeatureSource } from '../../datasources/registry/model.js';
import { KeyedList, ListKeys } from '../../runtime/keyed-list.js';
import type { RawValue } from '../../values/value-type.js';
import { listChecks, type ValueCheck } from '../expectations/find-violations.js';
import type { IncomingRow } from '../feature-writer.js';

/** What all rows with the same features have in common, found once. */
export interface RowPlan {
  /** A feature that SQL computes. */
  readonly computed: Feature | undefined;
  /** Whether the row has a feature with event times. */
  readonly isTimed: boolean;
  readonly parts: readonly PartPlan[];
  /** What the registry expects of the values. */
  readonly checks: readonly ValueCheck[];
}

/** The features of one source. */
export interface PartPlan {
  readonly source: FeatureSource;
  /** The features that a row of a dense entity type lacks. */
  readonly missing: readonly Feature[];
  readonly toValues: (values: readonly (RawValue | null)[]) => ReadonlyMap<string, RawValue | null>;
}

const plans = new WeakMap<ListKeys<Feature>, RowPlan>();

export function planOf(entityType: EntityType, values: IncomingRow['values']): RowPlan {
  if (!(values instanceof KeyedList)) return makePlan(entityType, [...values.keys()]);
  const keys = values.sharedKeys as ListKeys<Feature>;
  let plan = plans.get(keys);
  if (!plan) plans.set(keys, (plan = makePlan(entityType, keys.all)));
  return plan;
}

/** The values of a row in the order of its features. */
export function listValues(values: IncomingRow['values']): readonly (RawValue | null)[] {
  return values instanceof KeyedList ? (values.list as readonly (RawValue | null)[]) : [...values.values()];
}

function makePlan({ dense }: EntityType, features: readonly Feature[]): RowPlan {
  const sources = [...new Set(features.map(({ source }) => source))];
  return {
    computed: features.find(({ source }) => source.sql !== null),
    isTimed: sources.some(({ timestampColumn }) => timestampColumn !== null),
    parts: sources.map((source) => ({
      source,
      missing: dense ? source.features.filter((feature) => !features.includes(feature)) : [],
      toValues: divider(features, source),
    })),
    checks: listChecks(features),
  };
}

/** Takes the values of one source from those of a row. */
function divider(features: readonly Feature[], source: FeatureSource): PartPlan['toValues'] {
  const indexes = features.flatMap((feature, index) => (feature.source === source ? [index] : []));
  const keys = new ListKeys(indexes.map((index) => features[index]!.name));
  if (indexes.length === features.length) return (values) => new KeyedList(keys, values);
  return (values) =>
    new KeyedList(
      keys,
      indexes.map((index) => values[index]!),
    );
}
