import type { IncomingMessage } from 'node:http';
import Negotiator from 'negotiator';

/** The media types that a client accepts, the preferred one first. A type with q=0 is one that it does not accept. */
export function acceptedTypes({ headers }: Pick<IncomingMessage, 'headers'>): string[] {
  return headers.accept === undefined ? [] : new Negotiator({ headers }).mediaTypes().map((type) => type.toLowerCase());
}

/** Whether a client accepts a media type. Without the header it accepts all. */
export function accepts({ headers }: Pick<IncomingMessage, 'headers'>, type: string): boolean {
  return headers.accept === undefined || new Negotiator({ headers }).mediaTypes([type]).length > 0;
}
