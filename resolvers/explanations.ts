import DataLoader from 'dataloader';
import type { AuditTrail } from '../auth/audit/audit-trail.js';
import type { Access } from '../auth/policy/access.js';
import type { ExplainedLabel, ExplainedRows } from '../datasources/offline/explain-read.js';
import type { QueryPayer } from '../datasources/offline/query-payer.js';
import type { Feature, FeatureSource } from '../datasources/registry/model.js';
import type { FeatureViewSyncs } from '../ingestion/feature-view-syncs.js';
import type { SourceRefreshes } from '../ingestion/source-refreshes.js';
import type { FeatureSource as FeatureSourceValue } from '../schema/registry/feature-source.js';
import { explainValue, type ExplainedRead, type Explanation } from '../serving/explain-value.js';
import type { FeatureStores } from '../serving/feature-stores.js';
import { findOnlineOrigin, type OnlineOrigin, type SucceededSync } from '../serving/online-origin.js';
import type { FeatureCell } from '../values/feature-cell.js';
import type { Instant } from '../values/instant.js';
import { toFeatureSource } from './feature-source.js';
import type { ValueRead } from './feature-values.js';

/** The services that explanations need. */
export interface ExplanationServices {
  readonly stores: FeatureStores;
  readonly sourceRefreshes: SourceRefreshes;
  readonly featureViewSyncs: FeatureViewSyncs;
}

interface RequestTerms {
  readonly now: Instant;
  readonly access: Access;
  readonly audit: AuditTrail;
  readonly payer: QueryPayer;
}

/** Explanations of feature values, for one request. */
export interface Explanations {
  /** null: the principal may not read the feature of this entity, so nothing was asked of a store. */
  explain(feature: Feature, read: ValueRead, served: FeatureCell, maxRows: number): Promise<Explanation | null>;
  /** What brought the value of the row that won into the online store. */
  originOf(feature: Feature, explanation: Explanation): Promise<OnlineOrigin | null>;
  source(source: FeatureSource): Promise<FeatureSourceValue>;
}

/** Two rows show why the first of them won. */
const LEAST_ROWS = 2;

/** Syncs of one view among which that of a row is looked for. */
const SEARCHED_SYNCS = 20;

type ExplainLoader = DataLoader<ExplainedLabel, ExplainedRows, string>;

/**
 * Makes the explanations of one request. The explanations of one feature in one tick are one query of the offline store, and an
 * entity is asked about once. The policy is that of the value: what the principal may not read is not asked of a store.
 */
export function createExplanations(
  { stores, sourceRefreshes, featureViewSyncs }: ExplanationServices,
  { now, access, audit, payer }: RequestTerms,
): Explanations {
  const loaders = new Map<Feature, Map<string, ExplainLoader>>();
  const sources = new Map<FeatureSource, Promise<FeatureSourceValue>>();
  const refreshes = new Map<FeatureSource, ReturnType<typeof readRefresh>>();
  const syncs = new Map<Feature, Promise<SucceededSync[]>>();

  const loaderOf = (feature: Feature, { strictlyBefore, knownAt }: ExplainedRead, maxRows: number): ExplainLoader => {
    const ofFeature = kept(loaders, feature, () => new Map<string, ExplainLoader>());
    return kept(ofFeature, `${strictlyBefore}/${knownAt}/${maxRows}`, () => {
      const offline = stores.offline(feature.entityType.featurestore);
      return new DataLoader<ExplainedLabel, ExplainedRows, string>(
        (labels) => {
          const entities = labels.map(({ entityId, time }) => ({ entityId, asOf: time }));
          audit.read(feature.entityType, entities, [feature]);
          return offline.explain({ feature, labels, options: { strictlyBefore, knownAt }, maxRows, payer });
        },
        { cacheKeyFn: ({ entityId, time }) => `${time}@${entityId}`, maxBatchSize: offline.maxLabelsPerRead },
      );
    });
  };

  const readRefresh = async (source: FeatureSource) => {
    const [job, { refreshedAt: at }] = await Promise.all([sourceRefreshes.newest(source), sourceOf(source)]);
    return { at, job: job?.state === 'SUCCEEDED' ? job : null };
  };

  const readSyncs = async (feature: Feature): Promise<SucceededSync[]> => {
    const views = feature.entityType.featurestore.featureViews.filter(({ features }) => features.includes(feature));
    const page = { before: null, limit: SEARCHED_SYNCS };
    const jobs = await Promise.all(views.map((view) => featureViewSyncs.list(view, page)));
    return jobs.flat().flatMap((job) => {
      const dataWatermark = job.state === 'SUCCEEDED' ? (job.result?.dataWatermark ?? null) : null;
      return dataWatermark === null ? [] : [{ job, dataWatermark }];
    });
  };

  const sourceOf = (source: FeatureSource): Promise<FeatureSourceValue> =>
    kept(sources, source, () => toFeatureSource(source, { sourceRefreshes, access, now }));

  return {
    explain: async (feature, { entity, asOf, strictlyBefore }, served, maxRows) => {
      const { entityType, entityId, options } = entity;
      if (!access.reads(entityType).has(feature, entityId)) {
        audit.denied(entityType, entityId, [feature]);
        return null;
      }
      const read: ExplainedRead = {
        time: asOf ?? now,
        strictlyBefore,
        knownAt: options?.knownAt ?? null,
        includeExpired: options?.includeExpired ?? false,
      };
      const rows = await loaderOf(feature, read, Math.max(maxRows, LEAST_ROWS)).load({ entityId, time: read.time });
      return explainValue(feature, read, rows, served);
    },

    originOf: async (feature, { decision: { winner }, difference }) => {
      if (winner === null || difference !== null) return null;
      const origin = await findOnlineOrigin(feature, winner.row, {
        refresh: () => kept(refreshes, feature.source, () => readRefresh(feature.source)),
        syncs: () => kept(syncs, feature, () => readSyncs(feature)),
      });
      const isVisible = origin.job !== null && access.maySeeJobOf(origin.job.createdBy);
      return isVisible ? origin : { ...origin, job: null };
    },

    source: sourceOf,
  };
}

function kept<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = known.get(key);
  if (value === undefined) known.set(key, (value = make()));
  return value;
}
