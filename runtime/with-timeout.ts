import { setTimeout as pause } from 'node:timers/promises';

/** What is answered, or undefined when that takes longer than `ms`. The question goes on all the same. */
export async function withTimeout<T>(ms: number, answer: Promise<T>): Promise<T | undefined> {
  const answered = new AbortController();
  const late = pause(Math.max(0, ms), undefined, { signal: answered.signal }).catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    answered.abort();
  }
}
