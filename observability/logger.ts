import { pino, type Logger } from 'pino';
import { requestScope } from './request-scope.js';

export type { Logger };

/**
 * JSON lines on standard output, each with its request id. It never logs documents, variables or values, because they
 * are data of users.
 */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: () => {
      const scope = requestScope.getStore();
      return scope ? { requestId: scope.requestId } : {};
    },
  });
}
