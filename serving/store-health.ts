import { withTimeout } from '../runtime/with-timeout.js';

interface Store {
  isHealthy(): Promise<boolean>;
}

/** A probe of an orchestrator waits about so long. */
const HEALTH_TIMEOUT_MS = 2000;

/** Questions that no store has answered yet. A store that hangs is not asked again and again. */
const pendingProbes = new WeakMap<Store, Promise<boolean>>();

/** Whether a store says in time that it is well. One that cannot say is not. */
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
