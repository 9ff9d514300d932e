/** What takes JSON in UTF-8, one part after the other (runtime/byte-writer.ts). */
export interface JsonBytes {
  /** The number of bytes so far. */
  readonly length: number;
  /** It has more than is of use. Who writes much looks at it now and then, and stops. */
  readonly isFull: boolean;
  text(text: string): void;
  bytes(source: Uint8Array, start?: number, end?: number): void;
}
