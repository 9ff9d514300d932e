import { pino, stdSerializers, type DestinationStream, type Logger, type SerializedError } from 'pino';
import { currentTrace } from '../runtime/spans.js';
import { requestScope } from './request-scope.js';

export type { Logger };

/**
 * Bytes that are collected before they are written. A line of a request has about 150. With 64 KiB, which is the size of a
 * pipe, the last lines were lost when a process exited on a busy machine.
 */
const MIN_WRITE_BYTES = 8_192;

/** Milliseconds after which lines are written, however few they are. */
const FLUSH_EVERY_MS = 100;

/**
 * Bytes that wait for a reader of the log that does not read. Further lines are dropped: a log must not fill the memory,
 * and no request waits for it.
 */
const MAX_WAITING_BYTES = 16_777_216;

/**
 * JSON lines on standard output, each with its request id and its trace. It never logs documents, variables or values,
 * because they are data of users.
 *
 * Lines are collected and written beside the event loop. pino writes the rest when the process exits, also after an
 * uncaught error; kill -9 loses a tenth of a second.
 */
export function createLogger(level: string, destination: DestinationStream = bufferedOutput()): Logger {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${isoNow()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: Error) => withoutValues(stdSerializers.err(error)) },
      mixin: () => {
        const scope = requestScope.getStore();
        const fields = scope ? { requestId: scope.requestId } : {};
        const trace = currentTrace();
        return trace ? Object.assign(fields, trace) : fields;
      },
    },
    destination,
  );
  destinations.set(logger, destination);
  return logger;
}

/** Where the lines of a logger go. */
const destinations = new WeakMap<Logger, DestinationStream>();

/** A request that was answered, or whose client went away. */
export interface LoggedRequest {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly isAborted: boolean;
}

/**
 * Writes the line of a request, as `logger.info` would in the scope of the request. There is one for each request, and pino
 * takes a twentieth of a small read for it: its fields are always the same.
 */
export function logRequest(
  logger: Logger,
  { requestId, method, path, status, durationMs, isAborted }: LoggedRequest,
): void {
  if (!logger.isLevelEnabled('info')) return;
  const destination = destinations.get(logger);
  if (!destination) {
    logger.info({ method, path, status, durationMs, ...(isAborted ? { aborted: true } : {}) }, 'request');
    return;
  }
  const trace = currentTrace();
  destination.write(
    `{"level":"info","time":"${isoNow()}","requestId":${JSON.stringify(requestId)}` +
      (trace ? `,${JSON.stringify(trace).slice(1, -1)}` : '') +
      `,"method":${JSON.stringify(method)},"path":${JSON.stringify(path)},"status":${status}` +
      `,"durationMs":${durationMs}${isAborted ? ',"aborted":true' : ''},"msg":"request"}\n`,
  );
}

let lastMs = NaN;
let lastIso = '';

/** The time of a line. Many lines have the same. */
function isoNow(): string {
  const now = Date.now();
  if (now !== lastMs) {
    lastIso = new Date(now).toISOString();
    lastMs = now;
  }
  return lastIso;
}

/**
 * Collects lines as bytes. In its mode of texts, sonic-boom asks for the size of all collected lines at each line, for which V8
 * copies them into one text: 8 KB for each request.
 */
function bufferedOutput(): DestinationStream {
  const output = pino.destination({
    dest: 1,
    sync: false,
    contentMode: 'buffer',
    minLength: MIN_WRITE_BYTES,
    periodicFlush: FLUSH_EVERY_MS,
    maxLength: MAX_WAITING_BYTES,
  });
  const writeBytes = output.write.bind(output) as unknown as (line: Buffer) => boolean;
  return Object.assign(output, { write: (line: string) => writeBytes(Buffer.from(line)) });
}

/** The messages of DuckDB that repeat a value which did not fit. */
const WITH_VALUES = /(Conversion|Invalid Input|Constraint|Out of Range|Mismatch Type) Error: [^\n]*/g;
const QUOTED = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g;

/** The error without the values of users that its messages repeat. */
function withoutValues(error: SerializedError): SerializedError {
  const clean = (text: string): string => text.replace(WITH_VALUES, (message) => message.replace(QUOTED, "'…'"));
  return { ...error, message: clean(error.message), stack: clean(error.stack) };
}
