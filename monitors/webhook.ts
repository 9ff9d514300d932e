import { createHmac } from 'node:crypto';
import pRetry, { AbortError } from 'p-retry';
import type { MonitorWebhook } from '../datasources/registry/monitor.js';
import { isRetryableStatus, postJson } from '../runtime/post-json.js';

export interface WebhookOptions {
  /** The value of an environment variable; null: it is not set. */
  readonly secretOf: (variable: string) => string | null;
  /** In milliseconds since 1970. */
  readonly now: () => number;
  /** The pause before the first retry; each further one is twice as long. */
  readonly firstPauseMs?: number;
}

/** With pauses of 1 s, 2 s, 4 s, ... an alert survives an outage of half a minute. The next run sends it again. */
const RETRIES = 5;
const FIRST_PAUSE_MS = 1_000;
/** A server that answers later has work to do before it answers, which is its fault. */
const DEADLINE_MS = 10_000;
/** Shorter secrets can be guessed from one alert, without a request. */
const MIN_SECRET_BYTES = 32;

/** The signature of an alert: HMAC-SHA256 over the timestamp, a point and the body, in lower-case hexadecimal. */
export function sign(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}

/** Sends signed alerts. A server that takes an alert answers with a status of 200 to 299. */
export class Webhook {
  constructor(private readonly options: WebhookOptions) {}

  /** Rejects when the server did not take the alert, or the secret is not there. */
  async send({ url, secretVariable }: MonitorWebhook, body: string, signal: AbortSignal): Promise<void> {
    const secret = this.options.secretOf(secretVariable);
    if (secret === null) throw new Error(`the environment variable ${secretVariable} is not set`);
    if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
      throw new Error(`the secret in ${secretVariable} has less than ${MIN_SECRET_BYTES} bytes`);
    }
    await pRetry(() => this.#post(url, secret, body, signal), {
      retries: RETRIES,
      minTimeout: this.options.firstPauseMs ?? FIRST_PAUSE_MS,
      factor: 2,
      signal,
    });
  }

  async #post(url: string, secret: string, body: string, signal: AbortSignal): Promise<void> {
    // Of each attempt: a server refuses old timestamps, so that a recorded alert cannot be sent again.
    const timestamp = String(Math.floor(this.options.now() / 1_000));
    const status = await postJson(url, body, {
      headers: {
        'featuregraph-timestamp': timestamp,
        'featuregraph-signature': `sha256=${sign(secret, timestamp, body)}`,
      },
      deadlineMs: DEADLINE_MS,
      signal,
    });
    if (status >= 200 && status < 300) return;
    const error = new Error(`the server of the webhook answered with HTTP ${status}`);
    throw isRetryableStatus(status) ? error : new AbortError(error);
  }
}
