import { AppError } from '../../../errors/app-error.js';
import type { HttpSettings, Model } from '../../../datasources/registry/prediction-model.js';
import type { ModelFault, ModelServing, Predictor } from '../model-serving.js';
import { HttpPredictor } from './http-predictor.js';

const HEALTH_DEADLINE_MS = 10_000;

const DEFAULT_SETTINGS: HttpSettings = { healthUrl: null, deadlineMs: 60_000, instances: 'OBJECT' };

/** Calls servers with Vertex AI's contract for custom containers: POST {instances, parameters} -> {predictions}. */
export class HttpServing implements ModelServing {
  readonly runtime = 'HTTP';

  /** `maxResponseBytes`: the read limit of a server's response to one batch. */
  constructor(private readonly maxResponseBytes = 64 * 1024 * 1024) {}

  /** There are as many concurrent requests as concurrent batches; they need no setup. */
  async open(model: Model): Promise<Predictor> {
    const unhealthy = await findHealthFault(model);
    if (unhealthy) throw new AppError('MODEL_UNAVAILABLE', describe(model, unhealthy), {}, { cause: unhealthy.cause });
    const { deadlineMs } = model.http ?? DEFAULT_SETTINGS;
    return new HttpPredictor(model, deadlineMs, this.maxResponseBytes);
  }

  /** Only a server's responses show whether it matches the registry. */
  async check(): Promise<readonly ModelFault[]> {
    return [];
  }

  async findHealthFault(model: Model): Promise<string | null> {
    const unhealthy = await findHealthFault(model);
    return unhealthy ? describe(model, unhealthy) : null;
  }
}

interface HealthFault {
  readonly what: string;
  readonly cause?: unknown;
}

function describe({ name }: Model, { what }: HealthFault): string {
  return `The server of model "${name}" ${what}. Start it, then try again.`;
}

/** The message contains no URL: clients read it, and they must not see a server's address. */
async function findHealthFault({ location, http }: Model): Promise<HealthFault | undefined> {
  const healthUrl = http?.healthUrl ?? null;
  try {
    const response = await fetch(healthUrl ?? location, {
      redirect: 'manual',
      signal: AbortSignal.timeout(HEALTH_DEADLINE_MS),
    });
    await response.body?.cancel();
    // A server need not support GET at the address for predictions. Most refuse it with 404 or 405, some with 501.
    const isHealthy = healthUrl === null ? response.status < 500 || response.status === 501 : response.ok;
    return isHealthy ? undefined : { what: `says that it is not ready (HTTP ${response.status})` };
  } catch (cause) {
    return { what: 'does not answer', cause };
  }
}
