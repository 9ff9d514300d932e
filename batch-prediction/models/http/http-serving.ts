import { AppError } from '../../../errors/app-error.js';
import type { ModelServing, Predictor } from '../model-serving.js';
import type { HttpSettings, Model } from '../../../datasources/registry/prediction-model.js';
import { HttpPredictor } from './http-predictor.js';

const HEALTH_DEADLINE_MS = 10_000;

/** Asks servers that keep Vertex AI's contract for custom containers: POST {instances, parameters} -> {predictions}. */
export class HttpServing implements ModelServing {
  readonly runtime = 'HTTP';

  /** `maxResponseBytes`: a server's answer to one batch is not read beyond it. */
  constructor(private readonly maxResponseBytes = 64 * 1024 * 1024) {}

  /** The requests in flight are as many as batches are given at once; there is nothing to set up for them. */
  async open(model: Model): Promise<Predictor> {
    const settings = model.http ?? { healthUrl: null, deadlineMs: 60_000 };
    await checkHealth(model, settings);
    return new HttpPredictor(model, settings.deadlineMs, this.maxResponseBytes);
  }
}

/** The message has no URL: clients read it, and where a server is, is not for them. */
async function checkHealth({ name, location }: Model, { healthUrl }: HttpSettings): Promise<void> {
  const unavailable = (fault: string, cause?: unknown): AppError =>
    new AppError(
      'MODEL_UNAVAILABLE',
      `The server of model "${name}" ${fault}. Start it, then try again.`,
      {},
      { cause },
    );
  const response = await fetch(healthUrl ?? location, {
    redirect: 'error',
    signal: AbortSignal.timeout(HEALTH_DEADLINE_MS),
  }).catch((cause: unknown) => {
    throw unavailable('does not answer', cause);
  });
  await response.body?.cancel();
  // Where predictions are asked for, GET is nothing a server must know: that it answers at all is what it says.
  const isHealthy = healthUrl === null ? response.status < 500 : response.ok;
  if (!isHealthy) throw unavailable(`says that it is not ready (HTTP ${response.status})`);
}
