import { createHash } from 'node:crypto';
import { badInput } from '../../errors/app-error.js';
import { toCanonicalJson } from '../../values/canonical-json.js';
import type { BatchPredictionJobRecord } from '../batch-predictions.js';

/**
 * The label that identifies a job. The create request has no request id: when its response is lost, only a label can
 * tell whether the job exists. Vertex AI allows lower-case letters, digits, - and _, at most 63.
 */
const KEY_LABEL = 'featuregraph-key';

/** The digest of the request under the key: the same key with another request must not return this job's results. */
const REQUEST_LABEL = 'featuregraph-request';

/** A resource may have 64 labels, of which two are ours. */
const MAX_LABELS = 62;

type Labels = Readonly<Record<string, string>>;

/** The value is a digest, because a key may be any text. */
export function keyLabel(key: string): { readonly name: string; readonly value: string } {
  return { name: KEY_LABEL, value: digest(key) };
}

/**
 * The labels that identify a job on Vertex AI. A client's key belongs to that client: the same text of another caller,
 * or for another model, is another job, and its results must never be returned.
 */
export function toVertexKey({
  id,
  createdBy,
  idempotencyKey,
  spec,
}: Pick<BatchPredictionJobRecord, 'id' | 'createdBy' | 'idempotencyKey' | 'spec'>): string {
  return idempotencyKey === null ? id : JSON.stringify([createdBy, spec.model, idempotencyKey]);
}

/** A job as it is sent to Vertex AI, with our labels beside the client's. */
export function withKeyLabels<Asked extends { readonly labels: Labels }>(
  asked: Asked,
  key: string,
): Asked & { readonly labels: Labels } {
  const ours = { [KEY_LABEL]: digest(key), [REQUEST_LABEL]: digest(toCanonicalJson(asked)) };
  return { ...asked, labels: { ...asked.labels, ...ours } };
}

/** The digest of the request; undefined for a job that featuregraph did not create. */
export function requestLabel({ labels }: { readonly labels?: Labels | null }): string | undefined {
  return labels?.[REQUEST_LABEL];
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 60);
}

/** Refuses labels that Vertex AI does not support, or that are reserved for us. */
export function checkLabels(labels: Labels): void {
  if (Object.keys(labels).length > MAX_LABELS) {
    throw badInput(`Vertex AI keeps at most ${MAX_LABELS} labels of a job.`, 'labels');
  }
  for (const [key, value] of Object.entries(labels)) {
    const isOurs = key === KEY_LABEL || key === REQUEST_LABEL;
    if (!/^[a-z][a-z0-9_-]{0,62}$/.test(key) || !/^[a-z0-9_-]{0,63}$/.test(value) || isOurs) {
      throw badInput(
        `The label "${key}" cannot be kept on Vertex AI: lower-case letters, digits, - and _, at most 63 characters.`,
        'labels',
      );
    }
  }
}
