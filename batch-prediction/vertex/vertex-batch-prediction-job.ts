import type { JobRecord } from '../../datasources/job-store/job-record.js';
import type { Instant } from '../../values/instant.js';
import { JobType } from '../../jobs/job-type.js';
import { BATCH_PREDICTION, type BatchPredictionJobSpec, type BatchPredictionSpec } from '../batch-predictions.js';
import type { VertexJobRequest } from './job-request.js';
import type { VertexResult } from './vertex-result.js';

export interface VertexJobSpec extends BatchPredictionJobSpec {
  /** The request to Vertex AI. It is built once, so that the checked request is the sent one, also after a restart. */
  readonly vertexRequest: VertexJobRequest;
  /** The location of the job, `projects/…/locations/…`. Absent in records of earlier releases: that of the model. */
  readonly vertexParent?: string;
}

/**
 * The stored progress of a job on Vertex AI: its name, so that a restarted gateway watches it and creates no second
 * job.
 */
export interface VertexCheckpoint {
  readonly name: string;
  readonly replicaHours: number | null;
  /** Absent or null: the job has not begun there, or an earlier release stored this. */
  readonly runningSince?: Instant | null;
}

/** Batch predictions on Vertex AI. */
export const VERTEX_BATCH_PREDICTION = new JobType<VertexJobSpec, VertexCheckpoint, VertexResult>(
  'batch-prediction-vertex',
  BATCH_PREDICTION,
);

export type VertexBatchPredictionJob = JobRecord<VertexJobSpec, VertexCheckpoint, VertexResult>;

/** A repeated key must not be refused because the model's description or deployment changed. */
export function requestedVertexPrediction({
  modelSnapshot: _snapshot,
  vertexRequest: _request,
  vertexParent: _parent,
  ...requested
}: VertexJobSpec): BatchPredictionSpec {
  return requested;
}
