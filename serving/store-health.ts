import { answeredWithin } from '../runtime/with-timeout.js';

interface Store {
  isHealthy(): Promise<boolean>;
}

/** A probe of an orchestrator waits about so long. */
const PATIENCE_MS = 2000;

/** Questions that no store has answered yet. A store that hangs is not asked again and again. */
const asked = new WeakMap<Store, Promise<boolean>>();

/** Whether a store says in time that it is well. One that cannot say is not. */
export async function isHealthy(store: Store, patienceMs = PATIENCE_MS): Promise<boolean> {
  let answer = asked.get(store);
  if (!answer) {
    answer = store
      .isHealthy()
      .catch(() => false)
      .finally(() => asked.delete(store));
    asked.set(store, answer);
  }
  return (await answeredWithin(patienceMs, answer)) ?? false;
}
