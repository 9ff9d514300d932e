import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { nameOf } from '../auth/audit/audit-trail.js';
import { checkJob } from '../auth/policy/permission.js';
import { jobCostEstimate } from '../costs/job-cost.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { Feature as FeatureModel, Featurestore as FeaturestoreModel } from '../datasources/registry/model.js';
import type { Monitor as MonitorModel } from '../datasources/registry/model.js';
import { getMonitor } from '../datasources/registry/registry.js';
import type { MonitorCheck as MonitorCheckModel, MonitorRunRecord, MonitorTrigger } from '../monitors/monitors.js';
import { AFTER_ARGUMENT, firstArgument } from '../schema/arguments.js';
import { listComplexity } from '../schema/complexity.js';
import type { Connection } from '../schema/connection.js';
import { CostEstimate } from '../schema/cost/cost-estimate.js';
import { JobConnection } from '../schema/job/job.js';
import { MonitorRunJob } from '../schema/job/monitor-run-job.js';
import { RunMonitorInput, RunMonitorPayload } from '../schema/job/run-monitor.js';
import { Featurestore } from '../schema/registry/featurestore.js';
import { Monitor } from '../schema/registry/monitor.js';
import { formatResourceName } from '../schema/resource-name.js';
import { secondsBetween, type Instant } from '../values/instant.js';
import { isVisibleMonitor, namedFeaturestore, visibleFeatures } from './catalogue.js';
import type { RequestContext } from './context.js';
import { costEstimate } from './costs.js';
import { withFieldPath } from './field-path.js';
import { stringLabels, toJobPage, toJobRequest } from './jobs.js';
import { checkRead } from './statistics-request.js';
import { jobPayload, type JobPayload } from './user-errors.js';
import { visibleTo } from './visible-jobs.js';

@Resolver(() => MonitorRunJob)
export class MonitorRunResolver {
  @Mutation(() => RunMonitorPayload, {
    description:
      'Starts a job that checks the features of a monitor: drift, missing values, silent sources and served values that differ ' +
      'from the history. The gateway stores the job before it returns it. The client needs the permission to read the features of all entities.',
  })
  runMonitor(
    @Ctx() context: RequestContext,
    @Arg('input', () => RunMonitorInput, { description: 'The monitor to run.' }) input: RunMonitorInput,
  ): Promise<JobPayload<MonitorRunRecord>> {
    return jobPayload(context.audit, { action: 'MONITOR_RUN' }, async () => {
      const { monitor, maxCostUsd } = requestedMonitor(context, input);
      return context.monitors.start({
        monitor,
        at: input.at ?? null,
        labels: stringLabels(input.labels),
        trigger: 'REQUEST',
        ...toJobRequest(context.principal, {
          idempotencyKey: input.idempotencyKey,
          maxCostUsd,
          cancelAboveUsd: input.cancelAboveUsd,
        }),
      });
    });
  }

  @Query(() => CostEstimate, {
    description:
      'Estimates the cost of `runMonitor` with this input, from the bytes that its queries scan. No job is started. Refused as ' +
      '`runMonitor` is.',
  })
  async estimateMonitorRun(
    @Ctx() context: RequestContext,
    @Arg('input', () => RunMonitorInput, { description: 'The input of the mutation.' }) input: RunMonitorInput,
  ): Promise<CostEstimate> {
    return withFieldPath('input', async () => {
      const { monitor } = requestedMonitor(context, input);
      const work = await context.monitors.work({ monitor, at: input.at ?? null });
      return costEstimate(await context.costs.estimator.historicalQuery(work));
    });
  }

  @Subscription(() => MonitorRunJob, {
    description:
      'The last run of a monitor that has ended, at once, then each run that ends, by its schedule or on request, in whichever ' +
      'gateway, within about two seconds. Runs of a past moment are left out, and so are those that the client may not see. A ' +
      'client that connects again gets the last run again, and not those before it: `Monitor.runs` lists them.',
    // Each event is a separate answer.
    complexity: listComplexity(),
    subscribe: ({ args, context }: { args: { featurestore: string; monitor: string }; context: RequestContext }) => {
      const { monitors, policy, principal } = context;
      // Each event has the policy of its moment.
      const isVisible = (job: JobRecord): boolean => visibleTo(policy.accessOf(principal))(job);
      return monitors.follow(namedMonitor(context, args.featurestore, args.monitor), { isVisible });
    },
  })
  monitorRuns(
    @Root() job: MonitorRunRecord,
    @Arg('featurestore', () => String, { description: 'The name of the featurestore.' }) _featurestore: string,
    @Arg('monitor', () => String, { description: 'The name of the monitor.' }) _monitor: string,
  ): MonitorRunRecord {
    return job;
  }

  @FieldResolver()
  monitor(@Root() job: MonitorRunRecord, @Ctx() context: RequestContext): MonitorModel | null {
    const found = findMonitor(job, context);
    return found && isVisibleMonitor(context.access, found) ? found : null;
  }

  @FieldResolver()
  trigger(@Root() { spec }: MonitorRunRecord): MonitorTrigger {
    return spec.trigger;
  }

  @FieldResolver()
  windowFrom(@Root() { result }: MonitorRunRecord): Instant | null {
    return result?.window.from ?? null;
  }

  @FieldResolver()
  windowBefore(@Root() { result }: MonitorRunRecord): Instant | null {
    return result?.window.before ?? null;
  }

  @FieldResolver()
  baselineFrom(@Root() { result }: MonitorRunRecord): Instant | null {
    return result?.baseline.from ?? null;
  }

  @FieldResolver()
  baselineBefore(@Root() { result }: MonitorRunRecord): Instant | null {
    return result?.baseline.before ?? null;
  }

  @FieldResolver()
  checks(@Root() job: MonitorRunRecord, @Ctx() context: RequestContext): readonly MonitorCheckModel[] | null {
    return readableChecks(job, context);
  }

  @FieldResolver()
  findings(@Root() job: MonitorRunRecord, @Ctx() context: RequestContext): readonly MonitorCheckModel[] | null {
    return readableChecks(job, context)?.filter(({ isFinding }) => isFinding) ?? null;
  }

  @FieldResolver()
  alertState(@Root() { result }: MonitorRunRecord): string | null {
    return result?.alert?.state ?? null;
  }

  @FieldResolver()
  estimatedCost(@Root() { cost }: MonitorRunRecord, @Ctx() { costs }: RequestContext): CostEstimate | null {
    return cost && costEstimate(jobCostEstimate(costs.estimator, cost));
  }
}

/** Fields of the class Monitor, which cannot name jobs: the classes would refer to each other. */
@Resolver(() => Monitor)
export class MonitorResolver {
  @FieldResolver(() => ID)
  id(@Root() monitor: MonitorModel): string {
    return monitorId(monitor);
  }

  @FieldResolver()
  features(@Root() { features }: MonitorModel, @Ctx() { access }: RequestContext): readonly FeatureModel[] {
    return visibleFeatures(access, features);
  }

  @FieldResolver()
  windowSeconds(@Root() { window }: MonitorModel): number {
    return secondsBetween(0n, window);
  }

  @FieldResolver()
  hasWebhook(@Root() { webhook }: MonitorModel): boolean {
    return webhook !== null;
  }

  @FieldResolver(() => JobConnection, {
    description: 'Its runs, newest first, of those that the client may see.',
    complexity: listComplexity('first'),
  })
  runs(
    @Root() monitor: MonitorModel,
    @Ctx() { monitors, access }: RequestContext,
    @Arg('first', () => Int, firstArgument()) first: number | null | undefined,
    @Arg('after', () => String, AFTER_ARGUMENT) after: string | null | undefined,
  ): Promise<Connection<MonitorRunRecord>> {
    return toJobPage(`${monitorId(monitor)}/runs`, { first, after }, (range) =>
      monitors.list(monitor, { ...range, isVisible: visibleTo(access) }),
    );
  }
}

/** A field of the class Featurestore, which cannot have it: the classes would refer to each other. */
@Resolver(() => Featurestore)
export class MonitorsOfFeaturestoreResolver {
  @FieldResolver(() => [Monitor], {
    description: 'Its monitors, in the order of the registry (docs/monitors.md).',
    complexity: listComplexity(),
  })
  monitors(@Root() { monitors }: FeaturestoreModel, @Ctx() context: RequestContext): readonly MonitorModel[] {
    return monitors.filter((monitor) => isVisibleMonitor(context.access, monitor));
  }
}

function monitorId({ name, entityType }: MonitorModel): string {
  return formatResourceName({ kind: 'monitor', featurestore: entityType.featurestore.name, monitor: name });
}

function findMonitor({ spec }: MonitorRunRecord, { registry }: RequestContext): MonitorModel | undefined {
  return registry.findFeaturestore(spec.featurestore)?.monitors.find(({ name }) => name === spec.monitor);
}

/** A monitor that the client may see. */
function namedMonitor(context: RequestContext, featurestore: string, name: string): MonitorModel {
  const of = namedFeaturestore(context, featurestore);
  const known = of.monitors.filter((each) => isVisibleMonitor(context.access, each));
  return getMonitor(of, name, 'monitor', known);
}

/** The monitor of a request, with the limit of its cost, under the policy. */
function requestedMonitor(
  context: RequestContext,
  input: RunMonitorInput,
): { readonly monitor: MonitorModel; readonly maxCostUsd: number | null } {
  const { access } = context;
  const monitor = namedMonitor(context, input.featurestore, input.monitor);
  const permission = access.jobOf('MONITOR_RUN', monitor.entityType);
  const maxCostUsd = checkJob(
    permission,
    input.maxCostUsd ?? null,
    `run monitors of ${nameOf(monitor.entityType)}`,
    'monitor',
  );
  for (const feature of monitor.features) checkRead(access, feature, null, 'monitor');
  return { monitor, maxCostUsd };
}

/** The numbers tell of all entities: those of other features are left out. A source is known by one of its features. */
function readableChecks(job: MonitorRunRecord, context: RequestContext): readonly MonitorCheckModel[] | null {
  const { result } = job;
  if (!result) return null;
  const { access } = context;
  if (access.isUnrestricted) return result.checks;
  const monitor = findMonitor(job, context);
  if (!monitor) return [];
  const readable = monitor.features.filter((feature) => access.reads(monitor.entityType).everywhere.has(feature));
  return result.checks.filter(({ feature, source }) =>
    readable.some((each) => (feature === null ? each.source.name === source : each.name === feature)),
  );
}
