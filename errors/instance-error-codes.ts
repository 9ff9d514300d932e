/**
 * Why an instance of a batch prediction has no prediction: the codes of `PredictionFailure`. `retryable` tells a client
 * that the same instance may get a prediction later. docs/errors.md shows this table to users; a test compares the two.
 */
export const INSTANCE_ERROR_CODES = {
  MALFORMED_INSTANCE: { retryable: false, meaning: 'The line of the input is not a JSON object.' },
  INVALID_INSTANCE: { retryable: false, meaning: 'A value of the input does not have the type of its column.' },
  MISSING_INPUT: { retryable: false, meaning: 'An input of the model is null or absent, and has no default.' },
  INVALID_INPUT: { retryable: false, meaning: 'A value is not one that the model takes.' },
  INSTANCE_REFUSED: { retryable: false, meaning: 'The server of the model refused the instance.' },
  INVALID_PREDICTION: { retryable: false, meaning: 'The prediction does not fit the outputs of the model.' },
  PREDICTION_FAILED: { retryable: true, meaning: 'The model failed for this instance, alone and repeatedly.' },
  UNKNOWN: { retryable: false, meaning: 'Vertex AI gave no code that this gateway knows.' },
} as const;

/** The code of a google.rpc.Status (cloud.google.com/apis/design/errors), which Vertex AI returns for an instance. */
const VERTEX_STATUS_CODES = [
  '0',
  '1',
  '2',
  '3',
  '4',
  '5',
  '6',
  '7',
  '8',
  '9',
  '10',
  '11',
  '12',
  '13',
  '14',
  '15',
  '16',
] as const;

export type InstanceErrorCode = keyof typeof INSTANCE_ERROR_CODES | (typeof VERTEX_STATUS_CODES)[number];

/** The code for Vertex AI's error of an instance. */
export function toInstanceErrorCode(status: unknown): InstanceErrorCode {
  return VERTEX_STATUS_CODES.find((code) => code === String(status)) ?? 'UNKNOWN';
}
