import type { ExecutionResult } from 'graphql';
import { AppError } from '../errors/app-error.js';
import { requestScope } from '../observability/request-scope.js';
import type { Slots } from '../runtime/slots.js';

/** The events for clients: their errors, and those that a failing source throws, are FormattedErrors. */
export type EventStream = AsyncGenerator<ExecutionResult, undefined, undefined>;

export interface EventSource {
  readonly source: AsyncIterator<unknown>;
  readonly requestId: string;
  /** Makes what clients get of an event. */
  readonly run: (event: unknown) => Promise<ExecutionResult>;
  /** The error for clients. */
  readonly toError: (error: unknown) => Error;
  /** Called at the end of the stream, or more than once. */
  readonly onEnd: () => void;
  /** An event takes a slot until its reader asks for the next one. */
  readonly eventSlots: Slots | undefined;
}

/**
 * This is not an async generator function: its `return` would wait for the pending event, which may never come, and
 * the watch of a disconnected client would never end.
 */
export function streamEvents({ source, requestId, run, toError, onEnd, eventSlots }: EventSource): EventStream {
  let freeSlot: (() => void) | undefined;
  const leaveSlot = (): void => {
    freeSlot?.();
    freeSlot = undefined;
  };
  const left = (): void => {
    leaveSlot();
    onEnd();
  };
  const gone = new AbortController();
  let isEnded = false;
  const end = async (): Promise<IteratorReturnResult<undefined>> => {
    left();
    gone.abort(new AppError('CLIENT_GONE', 'The client went away.'));
    // Once: the credentials and the connection can end one after the other.
    if (!isEnded) {
      isEnded = true;
      await source.return?.();
    }
    return { done: true, value: undefined };
  };
  const events: EventStream = {
    next: () =>
      requestScope.run({ requestId, signal: gone.signal }, async () => {
        try {
          leaveSlot();
          const step = await source.next();
          if (!step.done) freeSlot = await eventSlots?.take();
          // The client may have gone while the event waited for its slot.
          if (step.done || isEnded) {
            left();
            return { done: true as const, value: undefined };
          }
          return { done: false as const, value: await run(step.value) };
        } catch (error) {
          left();
          throw toError(error);
        }
      }),
    return: end,
    throw: end,
    [Symbol.asyncIterator]: () => events,
    [Symbol.asyncDispose]: async () => {
      await end();
    },
  };
  return events;
}
