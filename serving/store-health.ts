import { withTimeout } from '../runtime/with-timeout.js';

interface Store {
  isHealthy(): Promise<boolean>;
}

/** About as long as an orchestrator waits for a probe. */
const HEALTH_TIMEOUT_MS = 2000;

/** Health checks that have not returned yet. The gateway sends no further check to a store that hangs. */
const pendingProbes = new WeakMap<Store, Promise<boolean>>();

/** Whether a store reports in time that it is healthy. A store that does not answer is unhealthy. */
export async function isHealthy(store: Store, timeoutMs = HEALTH_TIMEOUT_MS): Promise<boolean> {
  let answer = pendingProbes.get(store);
  if (!answer) {
    answer = store
      .isHealthy()
      .catch(() => false)
      .finally(() => pendingProbes.delete(store));
    pendingProbes.set(store, answer);
  }
  return (await withTimeout(timeoutMs, answer)) ?? false;
}
