import type { JobRecord } from '../../datasources/job-store/job-record.js';
import { JobType } from '../../jobs/job-type.js';
import { BATCH_PREDICTION, type BatchPredictionJobSpec, type BatchPredictionSpec } from '../batch-predictions.js';
import type { VertexJobRequest } from './job-request.js';
import type { VertexResult } from './vertex-result.js';

export interface VertexJobSpec extends BatchPredictionJobSpec {
  /** What Vertex AI is asked for. Built once, so that what was checked is what is asked for, after a restart too. */
  readonly vertexRequest: VertexJobRequest;
}

/** How far a job on Vertex AI is known: its name, so that a gateway that restarts goes on watching and creates no second. */
export interface VertexCheckpoint {
  readonly name: string;
  readonly replicaHours: number | null;
}

/** Batch predictions on Vertex AI. */
export const VERTEX_BATCH_PREDICTION = new JobType<VertexJobSpec, VertexCheckpoint, VertexResult>(
  'batch-prediction-vertex',
  BATCH_PREDICTION,
);

export type VertexBatchPredictionJob = JobRecord<VertexJobSpec, VertexCheckpoint, VertexResult>;

/** A key used again is not refused because the model was described or deployed anew. */
export function requestedVertexPrediction({
  modelSnapshot: _snapshot,
  vertexRequest: _request,
  ...requested
}: VertexJobSpec): BatchPredictionSpec {
  return requested;
}
