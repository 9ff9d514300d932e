import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../observability/logger.js';
import type { HttpServer } from './http-server.js';

export interface Stoppable {
  readonly http: HttpServer;
  readonly drain: () => void;
  /** Milliseconds to stay open as "not ready", so that a load balancer notices. */
  readonly delayMs: number;
  /** Milliseconds after which running requests are aborted, so that a stop always ends. */
  readonly graceMs: number;
  /** The components to stop after the last request, in order. */
  readonly thenStop: readonly (() => Promise<void>)[];
}

/** Stops in this order: readiness, new connections, streams and running requests, Apollo, jobs, stores. */
export async function shutDown({ http, drain, delayMs, graceMs, thenStop }: Stoppable): Promise<void> {
  drain();
  await sleep(delayMs);
  const closed = new Promise<void>((resolve) => http.server.close(() => resolve()));
  http.server.closeIdleConnections();
  http.endStreams();
  const cutOff = setTimeout(http.cutOff, graceMs);
  await closed;
  clearTimeout(cutOff);
  for (const stop of thenStop) await stop();
}

/** Runs `stop` once at the first SIGTERM or SIGINT, then ends the process; a second signal ends it at once. */
export function onTerminationSignal(logger: Logger, stop: () => Promise<void>): void {
  let isStopping = false;
  const handle = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    logger.info({ signal }, 'stopping');
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
}
