import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { Model } from '../datasources/registry/prediction-model.js';
import type { EntityType, Feature, Featurestore, FeatureView, Monitor } from '../datasources/registry/model.js';
import { getEntityType, getFeature } from '../datasources/registry/registry.js';
import { priceBookId } from '../costs/price-book.js';
import { AppError, badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { listComplexity } from '../schema/complexity.js';
import type { TypedFeaturestoreValue } from '../schema/from-registry.js';
import type { PriceBook } from '../schema/cost/price-book.js';
import { Node } from '../schema/node.js';
import { formatResourceName, parseResourceName, type ResourceName } from '../schema/resource-name.js';
import {
  isVisibleFeature,
  isVisibleFeaturestore,
  isVisibleMonitor,
  isVisibleView,
  visibleEntityTypes,
  visibleModels,
} from './catalogue.js';
import type { RequestContext } from './context.js';
import { priceBook } from './costs.js';
import { entityHandle, type EntityHandle } from './entity.js';
import { findJob } from './jobs.js';
import { typedFeaturestore } from './typed-resolvers.js';

type NodeValue =
  | PriceBook
  | Featurestore
  | TypedFeaturestoreValue
  | EntityType
  | Feature
  | FeatureView
  | Monitor
  | EntityHandle
  | Model
  | JobRecord;
type FoundNode = NodeValue | null | Promise<NodeValue | null>;

@Resolver()
export class NodeResolver {
  @Query(() => Node, { nullable: true, description: 'The object with this global id. Null if there is none.' })
  node(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID, { description: 'The value of an `id` field: a resource name.' }) id: string,
  ): FoundNode {
    return resolveNode(context, id);
  }

  @Query(() => [Node], {
    nullable: 'items',
    description:
      'The objects with these global ids, in the order of `ids`. An item is null if there is no such object.',
    complexity: listComplexity('ids'),
  })
  nodes(
    @Ctx() context: RequestContext,
    @Arg('ids', () => [ID], { description: `Values of \`id\` fields, at most ${REQUEST_LIMITS.maxNodeIds}.` })
    ids: string[],
  ): FoundNode[] {
    const { maxNodeIds } = REQUEST_LIMITS;
    if (ids.length > maxNodeIds) {
      throw badInput(`"ids" has ${ids.length} ids. One request reads at most ${maxNodeIds}. Split the request.`, 'ids');
    }
    return ids.map((id) => resolveNode(context, id));
  }
}

/** An id of no object is null and no error: the object can have been removed. */
function resolveNode(context: RequestContext, id: string): FoundNode {
  const name = parseResourceName(id);
  if (!name) return null;
  try {
    return find(context, name);
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

/** The job with this id; null if there is none. */
async function findJobOrNull(context: RequestContext, id: string): Promise<JobRecord | null> {
  return findJob(context, id).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'JOB_NOT_FOUND') return null;
    throw error;
  });
}

function find(context: RequestContext, name: ResourceName): FoundNode {
  const { registry, costs, access } = context;
  if (name.kind === 'job') return findJobOrNull(context, formatResourceName(name));
  if (name.kind === 'model') return registry.model(name.model, 'id', visibleModels(access, registry.models));
  if (name.kind === 'priceBook') {
    const book = costs.estimator.books.all.find((candidate) => priceBookId(candidate) === formatResourceName(name));
    return book ? priceBook(book) : null;
  }
  const featurestore = registry.findFeaturestore(name.featurestore);
  if (!featurestore || !isVisibleFeaturestore(access, featurestore)) return null;
  const visible = visibleEntityTypes(access, featurestore);
  switch (name.kind) {
    case 'featurestore':
      return featurestore;
    case 'featurestoreEntities':
      return typedFeaturestore(featurestore);
    case 'entityType':
      return getEntityType(featurestore, name.entityType, 'id', visible);
    case 'feature': {
      const feature = getFeature(getEntityType(featurestore, name.entityType, 'id', visible), name.feature);
      return isVisibleFeature(access, feature) ? feature : null;
    }
    case 'featureView': {
      const view = featurestore.featureViews.find((candidate) => candidate.name === name.featureView);
      return view && isVisibleView(access, view) ? view : null;
    }
    case 'monitor': {
      const monitor = featurestore.monitors.find((candidate) => candidate.name === name.monitor);
      return monitor && isVisibleMonitor(access, monitor) ? monitor : null;
    }
    case 'entity':
      return entityHandle(getEntityType(featurestore, name.entityType, 'id', visible), name.entityId, {
        asOf: name.asOf,
        ...name.options,
      });
  }
}
