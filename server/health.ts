import type { ServerResponse } from 'node:http';
import { respondJson } from './respond.js';

/** Probes come every second from several sides; stores are asked at most this often. */
const CACHE_MS = 1000;

export interface Health {
  /** Alive: the process answers. Asks no store, or a slow store would have every instance restarted. */
  live(response: ServerResponse): void;
  /** Ready: the stores answer, and the gateway is not stopping. */
  ready(response: ServerResponse): Promise<void>;
  /** From now on not ready. */
  drain(): void;
}

export function createHealth(areStoresHealthy: () => Promise<boolean>, now: () => number = Date.now): Health {
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
      const isReady = !isDraining && (await check());
      respondJson(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready' });
    },
    drain: () => {
      isDraining = true;
    },
  };
}
