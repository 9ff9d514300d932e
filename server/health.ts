import type { ServerResponse } from 'node:http';
import { respondJson } from './respond.js';

/** Several probes come every second; the gateway checks the stores at most this often. */
const CACHE_MS = 1000;

export interface Health {
  /** Liveness: the process answers. It checks no store, because a slow store would restart every instance. */
  live(response: ServerResponse): void;
  /** Readiness: the stores answer, and the gateway does not stop. Waits for the end of the warm-up. */
  ready(response: ServerResponse): Promise<void>;
  /** Marks the gateway as not ready. */
  drain(): void;
}

export interface HealthOptions {
  readonly now?: () => number;
  /** Resolves within a bounded time, also when it fails. */
  readonly warmUp?: () => Promise<void>;
}

export function createHealth(
  areStoresHealthy: () => Promise<boolean>,
  { now = Date.now, warmUp = () => Promise.resolve() }: HealthOptions = {},
): Health {
  let isDraining = false;
  let checkedAt = -Infinity;
  let lastCheck: Promise<boolean> = Promise.resolve(false);
  const check = (): Promise<boolean> => {
    if (now() - checkedAt >= CACHE_MS) {
      checkedAt = now();
      lastCheck = areStoresHealthy().catch(() => false);
    }
    return lastCheck;
  };
  return {
    live: (response) => respondJson(response, 200, { status: 'ok' }),
    ready: async (response) => {
      if (!isDraining) await warmUp();
      const isReady = !isDraining && (await check());
      respondJson(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready' });
    },
    drain: () => {
      isDraining = true;
    },
  };
}
