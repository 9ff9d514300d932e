import { setTimeout as pause } from 'node:timers/promises';

/** The result of work, or undefined when it takes longer than `ms`. The work itself continues. */
export async function withTimeout<T>(ms: number, answer: Promise<T>): Promise<T | undefined> {
  const answered = new AbortController();
  const late = pause(Math.max(0, ms), undefined, { signal: answered.signal }).catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    answered.abort();
  }
}
