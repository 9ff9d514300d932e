import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { BacktestRecord, BacktestWindow } from '../backtests/backtests.js';
import { jobCostEstimate } from '../costs/job-cost.js';
import type { Model } from '../datasources/registry/prediction-model.js';
import {
  BacktestJob,
  type BacktestActual,
  type BacktestDrift,
  type BacktestSeries,
} from '../schema/job/backtest-job.js';
import { StartBacktestInput, StartBacktestPayload } from '../schema/job/start-backtest.js';
import { CostEstimate } from '../schema/cost/cost-estimate.js';
import { secondsBetween } from '../values/instant.js';
import { backtestField, backtestRequest } from './backtest-request.js';
import { visibleModels } from './catalogue.js';
import type { RequestContext } from './context.js';
import { costEstimate } from './costs.js';
import { withFieldPath } from './field-path.js';
import { displayNameOf, stringLabels, toJobRequest } from './jobs.js';
import { jobPayload, type JobPayload } from './user-errors.js';

@Resolver(() => BacktestJob)
export class BacktestResolver {
  @Mutation(() => StartBacktestPayload, {
    description:
      'Starts a job that lets a model predict at moments of the past, from what was known at each, and compares the predictions ' +
      'with what happened. The gateway stores the job before it returns it. It needs the permissions for the training set ' +
      'and for a batch prediction of the model.',
  })
  startBacktest(
    @Ctx() context: RequestContext,
    @Arg('input', () => StartBacktestInput, { description: 'The model, the moments and the actual values.' })
    input: StartBacktestInput,
  ): Promise<JobPayload<BacktestRecord>> {
    return jobPayload(context.audit, { action: 'BATCH_PREDICTION' }, async () => {
      // Its errors name "labels", which is also a field of the training set.
      const jobLabels = stringLabels(input.labels);
      return withFieldPath(backtestField, async () => {
        const { request, maxCostUsd } = backtestRequest(context, input);
        const { idempotencyKey, cancelAboveUsd } = input;
        return context.backtests.start({
          ...request,
          displayName: displayNameOf(input.displayName ?? null),
          jobLabels,
          ...toJobRequest(context.principal, { idempotencyKey, maxCostUsd, cancelAboveUsd }),
        });
      });
    });
  }

  @Query(() => CostEstimate, {
    description:
      'Estimates the cost of `startBacktest` with this input, from the bytes that its queries scan. No job is started. Refused ' +
      'as `startBacktest` is.',
  })
  async estimateBacktest(
    @Ctx() context: RequestContext,
    @Arg('input', () => StartBacktestInput, { description: 'The input of the mutation.' }) input: StartBacktestInput,
  ): Promise<CostEstimate> {
    return withFieldPath(
      (field) => `input.${backtestField(field)}`,
      async () => {
        const { request } = backtestRequest(context, input);
        return costEstimate(await context.costs.estimator.historicalQuery(await context.backtests.work(request)));
      },
    );
  }

  @FieldResolver()
  model(@Root() { spec }: BacktestRecord, @Ctx() { registry, access }: RequestContext): Model | null {
    return visibleModels(access, registry.models).find(({ name }) => name === spec.model) ?? null;
  }

  @FieldResolver()
  task(@Root() { spec }: BacktestRecord): BacktestRecord['spec']['settings']['task'] {
    return spec.settings.task;
  }

  @FieldResolver()
  actual(@Root() { spec: { actual } }: BacktestRecord): BacktestActual {
    const isColumn = actual.kind === 'COLUMN';
    return {
      column: isColumn ? actual.column : null,
      feature: isColumn ? null : actual.feature,
      horizonSeconds: isColumn ? null : secondsBetween(0n, actual.horizon),
    };
  }

  @FieldResolver()
  output(@Root() { result }: BacktestRecord): string | null {
    return result?.output ?? null;
  }

  @FieldResolver()
  isKnownAtMoment(@Root() { result }: BacktestRecord): boolean | null {
    return result?.isKnownAtMoment ?? null;
  }

  @FieldResolver()
  series(@Root() { spec, result }: BacktestRecord): BacktestSeries | null {
    return result && toSeries(result.windows, spec.settings.task === 'REGRESSION');
  }

  @FieldResolver()
  drift(@Root() { result }: BacktestRecord): readonly BacktestDrift[] | null {
    return result?.drift ?? null;
  }

  @FieldResolver()
  estimatedCost(@Root() { cost }: BacktestRecord, @Ctx() { costs }: RequestContext): CostEstimate | null {
    return cost && costEstimate(jobCostEstimate(costs.estimator, cost));
  }
}

function toSeries(windows: readonly BacktestWindow[], isRegression: boolean): BacktestSeries {
  const list = <Name extends keyof BacktestWindow>(name: Name): BacktestWindow[Name][] =>
    windows.map((window) => window[name]);
  const [regression, classification] = isRegression ? [list, () => null] : [() => null, list];
  return {
    from: list('from'),
    before: list('before'),
    rows: list('rows'),
    failed: list('failed'),
    scored: list('scored'),
    meanAbsoluteError: regression('meanAbsoluteError'),
    rootMeanSquaredError: regression('rootMeanSquaredError'),
    bias: regression('bias'),
    accuracy: classification('accuracy'),
    logLoss: classification('logLoss'),
    areaUnderRocCurve: classification('areaUnderRocCurve'),
    precision: classification('precision'),
    recall: classification('recall'),
  };
}
