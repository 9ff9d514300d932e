export interface ReadShape {
  readonly entities: number;
  readonly features: number;
}

/** What the benchmark asks of a reading process. */
export type ReaderRequest = { readonly kind: 'reads'; readonly shape: ReadShape } | { readonly kind: 'cpu' };

export type ReaderAnswer =
  | { readonly kind: 'listens'; readonly port: number }
  | { readonly kind: 'reads'; readonly microseconds: number }
  | { readonly kind: 'cpu'; readonly microseconds: number };

/** `count` ids of random entities. */
export function randomIds(count: number, stored: number): string[] {
  return Array.from({ length: count }, () => `e${Math.floor(Math.random() * stored)}`);
}
