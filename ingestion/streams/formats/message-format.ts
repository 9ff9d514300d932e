import type { TimeFormat } from '../../../datasources/registry/stream-settings.js';

/** Reads the content of a message. Throws for content that is not of the format. */
export type Decode = (data: Uint8Array) => unknown;

/** What a schema says of a field. */
export interface SchemaField {
  /** What a time in the field can be, by the schema: one for a field that the schema declares as a time. */
  readonly times: readonly TimeFormat[];
}

export interface MessageFormat {
  readonly decode: Decode;
  /** The field at a path; undefined for a path that the schema does not have. A format without a schema has no method. */
  readonly findField?: (path: readonly string[]) => SchemaField | undefined;
}

/** Deeper messages are refused: the stack of the reader has an end, and so has that of those who read the value. */
export const MAX_DEPTH = 100;

/** What a whole number without a declared unit can be. */
export const EPOCH_TIMES: readonly TimeFormat[] = ['EPOCH_SECONDS', 'EPOCH_MILLIS', 'EPOCH_MICROS', 'EPOCH_NANOS'];

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws for bytes that are not UTF-8. The libraries' own readers put U+FFFD in their place, which is another text. */
export function readUtf8(bytes: Uint8Array): string {
  return UTF_8.decode(bytes);
}
