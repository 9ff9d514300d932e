import type { JobRecord } from '../datasources/job-store/job-record.js';

/**
 * Names the jobs of one handler, and gives types to the handler-specific parts of their records. A store returns
 * records as JobRecord<unknown, unknown, unknown>; only this code gives them their types. A handler with a changed
 * spec, checkpoint or result needs a new name; otherwise it would misread the records of earlier versions.
 */
export class JobType<Spec, Checkpoint, Result> {
  /**
   * @param handler Unique among handlers, and stored in each record: after a restart, the same handler gets the job.
   * @param kind The kind that clients see. Several handlers may share a kind: batch predictions run here or on Vertex
   * AI.
   */
  constructor(
    readonly handler: string,
    readonly kind: string,
  ) {}

  includes(record: JobRecord): record is JobRecord<Spec, Checkpoint, Result> {
    return record.handler === this.handler;
  }

  /** The typed record. Throws for the job of another handler. */
  read(record: JobRecord): JobRecord<Spec, Checkpoint, Result> {
    if (this.includes(record)) return record;
    throw new Error(`job ${record.id} belongs to the handler ${record.handler}, not to ${this.handler}`);
  }
}
