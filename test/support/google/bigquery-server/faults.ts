import type { ServerResponse } from 'node:http';
import { ApiError } from './api-error.js';

/** What can go wrong between a client and BigQuery. */
export type FaultKind =
  /** The service is not well; nothing was done. */
  | 'backendError'
  | 'rateLimitExceeded'
  /** A quota of a day is used up. */
  | 'quotaExceeded'
  /** The account lacks a role. */
  | 'accessDenied'
  /** The connection ends before the request is looked at. */
  | 'cutBefore'
  /** The request is carried out, but its answer ends in the middle. */
  | 'cutAfter'
  /** The answer waits. */
  | 'slow';

interface Fault {
  readonly kind: FaultKind;
  readonly request: RegExp;
  left: number;
}

/** Faults in waiting; each strikes the next requests it matches, so many times. */
export class Faults {
  readonly #waiting: Fault[] = [];

  /** `request` matches the method and path, as in /POST .*insertAll/. */
  inject(kind: FaultKind, request: RegExp, times = 1): void {
    this.#waiting.push({ kind, request, left: times });
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  next(request: string): FaultKind | undefined {
    const fault = this.#waiting.find(({ left, request: pattern }) => left > 0 && pattern.test(request));
    if (fault) fault.left -= 1;
    return fault?.kind;
  }
}

export function toApiError(kind: FaultKind): ApiError | undefined {
  if (kind === 'backendError')
    return new ApiError(503, 'backendError', 'Error encountered during execution. Retrying may solve the problem.');
  if (kind === 'rateLimitExceeded')
    return new ApiError(403, 'rateLimitExceeded', 'Exceeded rate limits: too many requests for this user.');
  if (kind === 'quotaExceeded')
    return new ApiError(
      403,
      'quotaExceeded',
      'Custom quota exceeded: Your usage exceeded the custom quota for QueryUsagePerUserPerDay, which is set by your administrator.',
    );
  if (kind === 'accessDenied')
    return new ApiError(403, 'accessDenied', 'Access Denied: Table secret-project:features.x: permission denied.');
  return undefined;
}

/** Sends half of an answer and hangs up. */
export function cutOff(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.write(text.slice(0, text.length / 2), () => response.destroy());
}
