import { isDiskFull } from '../../errors/disk-full.js';
import { OperatorError } from '../../errors/operator-error.js';
import { JobFailure } from '../../jobs/job-failure.js';
import { stopReason, type JobControl, type JobHandler, type JobOutcome, type JobPlan } from '../../jobs/job-handler.js';
import { RejectedRows, type ComputedViolation } from '../../datasources/offline/computed-violation.js';
import type { FeatureSource } from '../../datasources/registry/model.js';
import type { Registry } from '../../datasources/registry/registry.js';
import type { StorePreparation } from '../store-preparation.js';
import type {
  SourceRefreshJobRecord,
  SourceRefreshResult,
  SourceRefreshSpec,
  SourceViolation,
  StartSourceRefresh,
} from '../source-refreshes.js';
import { listRefreshed } from './list-refreshed.js';
import { LOCAL_REFRESH, refreshTarget } from './source-refresh-job.js';

/** Violated expectations that the message of an error names. */
const MAX_NAMED = 10;

/** Progress counts in percent: the rows of a source are known only when its SQL has run. */
const PERCENT = 100n;

/** Recomputes the changed sources of an entity type. An interrupted refresh leaves the old values. */
export class SourceRefreshHandler implements JobHandler<
  StartSourceRefresh,
  SourceRefreshSpec,
  null,
  SourceRefreshResult
> {
  readonly type = LOCAL_REFRESH;
  readonly boundToMachine = {
    field: 'entityType',
    message:
      'Several gateways share their jobs here, and each computes its sources on its own disk. Compute the values in ' +
      'BigQuery, and sync the feature view (docs/several-gateways.md).',
  };

  constructor(
    private readonly registry: Registry,
    private readonly preparation: Pick<StorePreparation, 'refresh' | 'watchDeletions'>,
    /** Runs after each refresh: the next row of the future may be another one. */
    private readonly onRefreshed: () => void,
    /** Receives what the computed rows of a source violate, for the metrics. */
    private readonly onViolations: (source: FeatureSource, violations: readonly ComputedViolation[]) => void,
  ) {}

  async plan({ entityType, source, labels, trigger }: StartSourceRefresh): Promise<JobPlan<SourceRefreshSpec>> {
    listRefreshed({ entityType, source });
    const spec = { featurestore: entityType.featurestore.name, entityType: entityType.name, source, trigger };
    return { displayName: null, labels, spec, target: refreshTarget(entityType) };
  }

  async run(job: SourceRefreshJobRecord, control: JobControl<null>): Promise<JobOutcome<SourceRefreshResult>> {
    const { featurestore, entityType: name, source } = job.spec;
    const entityType = this.registry.entityType(featurestore, name);
    // Before clients see that the job runs: an entity that they delete from then on does not come back with it.
    const stopWatching = this.preparation.watchDeletions(entityType);
    let completed = 0n;
    try {
      await control.running(PERCENT);
      const { steps, rejectedRows, imported } = await this.preparation.refresh(entityType, {
        sources: source === null ? null : [source],
        signal: control.signal,
        onProgress: ({ share }) => {
          completed = BigInt(Math.floor(share * Number(PERCENT)));
          control.report(toProgress(completed));
        },
      });
      const result = {
        steps,
        rejectedRows: [...rejectedRows.values()].reduce((sum, rows) => sum + rows, 0),
        computed: Array.from(
          imported,
          ([{ name: computed }, { rowsRead, rowsComputed, leftOut, fullRefreshReason }]) => ({
            source: computed,
            rowsRead,
            rowsComputed,
            rowsLeftOut: leftOut,
            fullRefreshReason,
          }),
        ),
        violations: Array.from(imported).flatMap(([computed, { violations }]) => this.#told(computed, violations)),
      };
      return { state: 'SUCCEEDED', result, progress: toProgress(PERCENT) };
    } catch (error) {
      if (stopReason(control.signal) === 'cancel') {
        return { state: 'CANCELLED', result: null, progress: toProgress(completed) };
      }
      // Not a fault of the source: the same refresh succeeds when the disk has room.
      if (isDiskFull(error)) throw error;
      if (error instanceof RejectedRows) {
        const violations = this.#told(error.source, error.violations);
        return {
          state: 'FAILED',
          error: { code: 'EXPECTATION_VIOLATED', message: describeRejected(error) },
          result: { steps: null, rejectedRows: null, violations },
          progress: toProgress(completed),
        };
      }
      // The fault is in the operator's SQL or files. Its details name paths, so only the summary is for clients.
      if (error instanceof OperatorError) {
        const { summary, faults } = error;
        const message =
          faults.length === 0 ? summary : `${summary.replace(/[:.]$/, '')}. The log of the gateway has the details.`;
        throw new JobFailure('SOURCE_FAULT', message, { cause: error });
      }
      throw error;
    } finally {
      stopWatching();
      this.onRefreshed();
    }
  }

  #told(source: FeatureSource, violations: readonly ComputedViolation[]): SourceViolation[] {
    if (violations.length > 0) this.onViolations(source, violations);
    return violations.map((violation) => ({ source: source.name, ...violation }));
  }
}

function describeRejected({ source, faultsWithoutRows: faults }: RejectedRows): string {
  const named = faults.slice(0, MAX_NAMED);
  const more = faults.length - named.length;
  return (
    `The computed rows of the source "${source.name}" are not as expected: ${named.join('; ')}` +
    `${more > 0 ? `; and ${more} more expectations are violated` : ''}. The old values stay. violations of the job names rows. ` +
    'Correct the SQL or the files, or change the expectation or its onViolation in the registry.'
  );
}

function toProgress(completed: bigint) {
  return { completed, failed: 0n, total: PERCENT };
}
