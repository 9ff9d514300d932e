import type { BatchPredictionResult } from '../batch-predictions.js';
import type { JobOutcome } from '../../jobs/job-handler.js';
import {
  errorsTableName,
  outputLocation,
  type PartialFailure,
  type VertexJob,
  type VertexOutput,
} from './vertex-job.js';

/** The result of a job on Vertex AI, with fields that only this folder uses. */
export interface VertexResult extends BatchPredictionResult {
  readonly output: VertexOutput | null;
  readonly replicaHours: number | null;
  readonly partialFailures: readonly PartialFailure[];
}

/** The result or partial result of a job, however it ended. */
export function toVertexResult({ state, progress, output, replicaHours, partialFailures }: VertexJob): VertexResult {
  return {
    predictions: output ? outputLocation(output) : null,
    failures: output && progress.failed > 0n ? failuresLocation(output) : null,
    isPartial: state !== 'SUCCEEDED',
    output,
    replicaHours,
    partialFailures,
  };
}

export function toOutcome(job: VertexJob): JobOutcome<VertexResult> {
  const { state, progress, error, partialFailures } = job;
  const left = { result: toVertexResult(job), progress };
  switch (state) {
    case 'FAILED':
      return { state, error: { code: 'VERTEX_FAILED', message: error ?? 'Vertex AI gave no reason.' }, ...left };
    case 'EXPIRED':
      return { state, error: { code: 'VERTEX_EXPIRED', message: error ?? 'Vertex AI gave no reason.' }, ...left };
    case 'CANCELLED':
    case 'PARTIALLY_SUCCEEDED':
      return { state, ...left };
    default: {
      // Vertex AI reports success also when some instances, or some files of them, failed.
      const isWhole = progress.failed === 0n && partialFailures.length === 0;
      return { state: isWhole ? 'SUCCEEDED' : 'PARTIALLY_SUCCEEDED', ...left };
    }
  }
}

function failuresLocation(output: VertexOutput): string | null {
  if (output.kind === 'CLOUD_STORAGE') return output.folder;
  const table = errorsTableName(output);
  return table === undefined ? null : outputLocation({ ...output, table });
}
