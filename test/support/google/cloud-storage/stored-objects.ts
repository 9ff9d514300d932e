import { createHash } from 'node:crypto';
import { CRC32C } from '@google-cloud/storage';

export interface StoredObject {
  readonly bytes: Buffer;
  /** int64 in decimal digits; each write of a name has a greater one. */
  readonly generation: string;
  /** The client's own metadata. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Objects as bytes. A test may set the text of an object directly, which is a write too. */
export class StoredObjects {
  readonly #stored = new Map<string, StoredObject & { readonly text: string }>();
  #generations = 1_700_000_000_000_000n;

  constructor(private readonly texts: Map<string, string>) {}

  read(name: string): StoredObject | undefined {
    const text = this.texts.get(name);
    if (text === undefined) return undefined;
    const stored = this.#stored.get(name);
    return stored?.text === text ? stored : this.write(name, Buffer.from(text), {});
  }

  write(name: string, bytes: Buffer, metadata: Readonly<Record<string, string>>): StoredObject {
    this.#generations += 1n;
    const text = bytes.toString();
    const stored = { bytes, metadata, text, generation: String(this.#generations) };
    this.#stored.set(name, stored);
    this.texts.set(name, text);
    return stored;
  }
}

/** The resource of an object in the JSON API: 64-bit numbers are strings. */
export function describeObject(bucket: string, name: string, { bytes, generation, metadata }: StoredObject): object {
  const crc32c = new CRC32C();
  crc32c.update(bytes);
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    bucket,
    name,
    generation,
    metageneration: '1',
    size: String(bytes.length),
    md5Hash: createHash('md5').update(bytes).digest('base64'),
    crc32c: crc32c.toString(),
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
  };
}

/** ifGenerationMatch=0 means that there is no live version. */
export function meetsPreconditions(query: URLSearchParams, stored: StoredObject | undefined): boolean {
  const matched = query.get('ifGenerationMatch');
  const unmatched = query.get('ifGenerationNotMatch');
  const generation = stored?.generation ?? '0';
  return (matched === null || matched === generation) && (unmatched === null || unmatched !== generation);
}
