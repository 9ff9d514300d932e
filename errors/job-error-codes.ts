import type { ErrorCode } from './error-codes.js';

/**
 * The codes of `Job.error`, in addition to those of ERROR_CODES: a job also fails for errors that would have refused
 * its request, e.g. a model that was removed from the registry. `retryable` tells a client that the same job may
 * succeed when it is started again later. docs/errors.md shows this table to users; a test compares the two.
 */
export const JOB_ERROR_CODES = {
  INTERNAL: { retryable: false, meaning: 'A fault of the gateway. The log has the cause under the id of the job.' },
  GIVEN_UP: {
    retryable: true,
    meaning: 'The process ended many times during the job, and the job made no progress in between.',
  },
  UNKNOWN_KIND: { retryable: false, meaning: 'This gateway does not run jobs of that kind, or of that store.' },
  SOURCE_FAULT: {
    retryable: false,
    meaning: 'The SQL or a file of a source has a fault. The old values stay. The log has the details.',
  },
  STORE_CHANGED: {
    retryable: false,
    meaning: 'The store of the job is no longer the one that the registry names, or that this gateway fills.',
  },
  OUTPUT_IN_USE: { retryable: false, meaning: 'Something else wrote to the same output. Name another one.' },
  OUTPUT_INVALID: {
    retryable: false,
    meaning: 'The check of the output found lost, doubled or changed rows. The output was removed.',
  },
  INPUT_CHANGED: { retryable: true, meaning: 'The files of the input changed after the job began.' },
  INPUT_UNREADABLE: { retryable: false, meaning: 'A file of the input cannot be read: it is damaged or cut off.' },
  ALL_INSTANCES_FAILED: { retryable: false, meaning: 'No instance has a prediction. The failures of the job say why.' },
  INVALID_MODEL_RESPONSE: {
    retryable: false,
    meaning: 'The response of the model does not fit the batch: the number of predictions, or their shape.',
  },
  VERTEX_FAILED: { retryable: false, meaning: 'The job failed on Vertex AI. The message has the reason it gave.' },
  VERTEX_EXPIRED: { retryable: true, meaning: 'Vertex AI ended the job because it ran too long.' },
  VERTEX_LOST: { retryable: false, meaning: 'Vertex AI has no such job, feature view or sync any more.' },
  VERTEX_REFUSED: { retryable: false, meaning: 'Vertex AI refused the job. The message has the reason.' },
  VERTEX_UNAVAILABLE: { retryable: true, meaning: 'Vertex AI did not answer. Start the job again later.' },
} as const;

export type JobErrorCode = ErrorCode | keyof typeof JOB_ERROR_CODES;
