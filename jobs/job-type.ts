import type { JobRecord } from '../datasources/job-store/job-record.js';

/**
 * Names the jobs of one handler, and types what that handler alone writes into their records. Records come out of a store
 * as JobRecord<unknown, unknown, unknown>; this is the one place where they get their types. A handler whose spec,
 * checkpoint or result becomes another one needs another name, or it reads what earlier versions wrote.
 */
export class JobType<Spec, Checkpoint, Result> {
  /**
   * @param handler Unique among handlers, and kept in each record: after a restart the job is given to the same handler.
   * @param kind As clients see it. Several handlers may do jobs of one kind: batch predictions run here or on Vertex AI.
   */
  constructor(
    readonly handler: string,
    readonly kind: string,
  ) {}

  includes(record: JobRecord): record is JobRecord<Spec, Checkpoint, Result> {
    return record.handler === this.handler;
  }

  /** The record with its types. Fails for the job of another handler. */
  read(record: JobRecord): JobRecord<Spec, Checkpoint, Result> {
    if (this.includes(record)) return record;
    throw new Error(`job ${record.id} belongs to the handler ${record.handler}, not to ${this.handler}`);
  }
}
