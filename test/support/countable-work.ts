import type { JobProgress, JobRecord } from '../../datasources/job-store/job-record.js';
import type { JobControl, JobHandler, JobOutcome, JobPlan } from '../../jobs/job-handler.js';
import type { JobRequest } from '../../jobs/job-request.js';
import { JobType } from '../../jobs/job-type.js';

type EndState = 'SUCCEEDED' | 'PARTIALLY_SUCCEEDED' | 'CANCELLED';
type Step = (control: JobControl) => Promise<JobOutcome | undefined>;

/** A request that says itself what the job is. */
export type PlannedRequest = JobRequest & JobPlan<unknown>;

/**
 * A real handler whose work is counting, step by step as a test says: nothing happens by itself, so a test knows what there
 * is to see. Its steps are for the one job it runs. Its jobs are of the kind that the test says.
 */
export class CountableWork implements JobHandler<PlannedRequest> {
  #progress: JobProgress = { completed: 0n, failed: 0n, total: null };
  readonly #steps: Step[] = [];
  #wake: () => void = () => undefined;
  result: unknown = null;
  readonly type: JobType<unknown, unknown, unknown>;

  constructor(kind: string) {
    this.type = new JobType(`counting for ${kind}`, kind);
  }

  async plan(request: PlannedRequest): Promise<JobPlan<unknown>> {
    return request;
  }

  async run(job: JobRecord, control: JobControl): Promise<JobOutcome> {
    this.#progress = job.progress;
    for (;;) {
      const step = this.#steps.shift() ?? (await this.#nextStep(control.signal));
      if (control.signal.aborted) {
        if (control.signal.reason === 'stop') throw control.signal.reason as Error;
        return this.#outcome('CANCELLED');
      }
      const outcome = await step?.(control);
      if (outcome) return outcome;
    }
  }

  begin(total: bigint | null): this {
    return this.#add(async (control) => {
      this.#progress = { ...this.#progress, total };
      await control.running(total);
      return undefined;
    });
  }

  count(completed: bigint, failed = 0n): this {
    return this.#add(async (control) => {
      const { total, ...done } = this.#progress;
      this.#progress = { completed: done.completed + completed, failed: done.failed + failed, total };
      control.report(this.#progress);
      return undefined;
    });
  }

  end(state: EndState = 'SUCCEEDED'): this {
    return this.#add(async () => this.#outcome(state));
  }

  fail(error: Error): this {
    return this.#add(() => Promise.reject(error));
  }

  #outcome(state: EndState): JobOutcome {
    return { state, result: this.result, progress: this.#progress };
  }

  #add(step: Step): this {
    this.#steps.push(step);
    this.#wake();
    return this;
  }

  async #nextStep(signal: AbortSignal): Promise<Step | undefined> {
    if (signal.aborted) return undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return this.#steps.shift();
  }
}
