import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { JobState } from '../datasources/job-store/job-state.js';
import { ERROR_CODES } from '../errors/error-codes.js';
import { JOB_ERROR_CODES, type JobErrorCode } from '../errors/job-error-codes.js';
import { formatInstant } from '../values/instant.js';
import type { JobDatasetFinder } from './job-datasets.js';
import { toLineageJob } from './job-names.js';
import { RUN_EVENT_SCHEMA, type FacetMaker, type Facets, type RunEvent, type RunEventType } from './open-lineage.js';

export interface RunEventsOptions {
  readonly namespace: string;
  /** The release of the gateway. */
  readonly release: string;
  readonly facets: FacetMaker;
  readonly datasets: JobDatasetFinder;
}

/** Tells the two events of a job from its record: the same record gives the same event, however often it is made. */
export class RunEvents {
  constructor(private readonly options: RunEventsOptions) {}

  /** The event of a job that began, or of one that ended before it began. */
  async start(job: JobRecord): Promise<RunEvent> {
    const begun: JobRecord = { ...job, state: 'RUNNING', result: null, error: null };
    return this.#event('START', begun, job.startedAt ?? job.createdAt);
  }

  /** The event of a job that ended. */
  async end(job: JobRecord): Promise<RunEvent> {
    return this.#event(END_EVENTS[job.state] ?? 'FAIL', job, job.endedAt ?? job.createdAt);
  }

  async #event(eventType: RunEventType, job: JobRecord, at: bigint): Promise<RunEvent> {
    const { namespace, release, facets, datasets } = this.options;
    const { name, description } = toLineageJob(job);
    const processingEngine = facets.make('ProcessingEngineRunFacet', { name: 'featuregraph', version: release });
    return {
      eventType,
      eventTime: formatInstant(at),
      run: { runId: job.id, facets: { processing_engine: processingEngine, ...toErrorFacet(job, facets) } },
      job: {
        namespace,
        name,
        facets: {
          documentation: facets.make('DocumentationJobFacet', { description }),
          jobType: facets.make('JobTypeJobFacet', {
            processingType: 'BATCH',
            integration: 'FEATUREGRAPH',
            jobType: job.kind,
          }),
        },
      },
      ...(await datasets.find(job)),
      producer: facets.producer,
      schemaURL: RUN_EVENT_SCHEMA,
    };
  }
}

const END_EVENTS: Partial<Record<JobState, RunEventType>> = {
  SUCCEEDED: 'COMPLETE',
  PARTIALLY_SUCCEEDED: 'COMPLETE',
  FAILED: 'FAIL',
  EXPIRED: 'FAIL',
  CANCELLED: 'ABORT',
};

/**
 * The code of the error and what it means. The message of the job is for its owner: it can quote a value of a label or an
 * entity id.
 */
function toErrorFacet({ id, error }: JobRecord, facets: FacetMaker): Facets {
  if (error === null) return {};
  const message = `${error.code}: ${meaningOf(error.code)} The job ${id} has the details.`;
  return { errorMessage: facets.make('ErrorMessageRunFacet', { message, programmingLanguage: 'TypeScript' }) };
}

function meaningOf(code: JobErrorCode): string {
  const { [code]: known } = { ...ERROR_CODES, ...JOB_ERROR_CODES } as Partial<Record<string, { meaning: string }>>;
  return known?.meaning ?? 'The job failed.';
}
