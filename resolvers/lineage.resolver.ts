import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { isBacktest } from '../backtests/backtests.js';
import { isBatchPredictionJob } from '../batch-prediction/batch-predictions.js';
import { badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { lineageComplexity } from '../schema/complexity.js';
import type { JobKindEnum } from '../schema/job/enums.js';
import { Lineage } from '../schema/registry/lineage.js';
import { parseResourceName } from '../schema/resource-name.js';
import { isVisibleFeature, visibleModels } from './catalogue.js';
import type { RequestContext } from './context.js';
import { findJob } from './jobs.js';
import { isTrainingSetJob } from '../training-sets/training-sets.js';
import { LineageGraph, type LineageStart, type VisibleObjects } from './lineage-graph.js';

const { maxLineageJobs } = REQUEST_LIMITS;

@Resolver()
export class LineageResolver {
  @Query(() => Lineage, {
    description:
      'What a feature, training set job, model, batch prediction job or backtest was made from, and what was made from it. ' +
      `It has what the client may see, and finds uses among the newest ${maxLineageJobs} jobs of each kind.`,
    complexity: lineageComplexity,
  })
  async lineage(
    @Ctx() context: RequestContext,
    @Arg('id', () => ID, {
      description: 'The id of a feature, a model, a training set job, a batch prediction job or a backtest.',
    })
    id: string,
  ): Promise<Lineage> {
    const objects = visibleObjects(context);
    const start = await findStart(context, objects, id);
    const [trainingSets, predictions, backtests] = await Promise.all([
      newestJobs(context, 'TRAINING_SET'),
      newestJobs(context, 'BATCH_PREDICTION'),
      newestJobs(context, 'BACKTEST'),
    ]);
    const graph = new LineageGraph({
      ...objects,
      trainingSets: trainingSets.jobs.filter(isTrainingSetJob),
      predictions: predictions.jobs.filter(isBatchPredictionJob),
      backtests: backtests.jobs.filter(isBacktest),
    });
    const isComplete = [trainingSets, predictions, backtests].every((found) => found.isComplete);
    return { ...(await graph.around(start)), isComplete };
  }
}

async function newestJobs({ jobs }: RequestContext, kind: keyof typeof JobKindEnum) {
  const found = await jobs.list({ filter: { kinds: [kind] }, before: null, limit: maxLineageJobs + 1 });
  return { jobs: found.slice(0, maxLineageJobs), isComplete: found.length <= maxLineageJobs };
}

type FoundObjects = Omit<VisibleObjects, 'trainingSets' | 'predictions' | 'backtests'>;

function visibleObjects({ registry, access, jobs }: RequestContext): FoundObjects {
  return {
    findTrainingSet: async (id) => {
      const job = await jobs.get(id);
      return job && isTrainingSetJob(job) ? job : undefined;
    },
    // A job can name what the registry no longer has.
    findFeature: (featurestore, entityType, name) =>
      registry
        .findFeaturestore(featurestore)
        ?.entityTypes.find((candidate) => candidate.name === entityType)
        ?.features.find((feature) => feature.name === name && isVisibleFeature(access, feature)),
    findModel: (name) => visibleModels(access, registry.models).find((model) => model.name === name),
    maySeeFiles: access.mayApplyRegistry(),
  };
}

async function findStart(context: RequestContext, objects: FoundObjects, id: string): Promise<LineageStart> {
  const name = parseResourceName(id);
  if (name?.kind === 'feature') {
    const feature = objects.findFeature(name.featurestore, name.entityType, name.feature);
    if (feature) return { kind: 'FEATURE', feature };
  } else if (name?.kind === 'model') {
    const model = objects.findModel(name.model);
    if (model) return { kind: 'MODEL', model };
  } else if (name?.kind === 'job') {
    const job = await findJob(context, id);
    if (isTrainingSetJob(job)) return { kind: 'TRAINING_SET', job };
    if (isBatchPredictionJob(job)) return { kind: 'BATCH_PREDICTION', job };
    if (isBacktest(job)) return { kind: 'BACKTEST', job };
  }
  throw badInput(
    `"${id}" is not the id of a feature, a model, a training set job, a batch prediction job or a backtest.`,
    'id',
  );
}
