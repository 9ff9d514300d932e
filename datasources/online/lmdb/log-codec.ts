import { KeyedList, type ListKeys } from '../../../runtime/keyed-list.js';
import { ByteWriter } from '../../../runtime/byte-writer.js';
import { readInt64 } from '../../../runtime/write-bytes.js';
import type { RawValue } from '../../../values/value-type.js';
import type { FeatureSource } from '../../registry/model.js';
import type { OnlineWrite } from '../online-store.js';
import { decodeValue, writeValue } from '../value-codec.js';

/**
 * The rows of one commit in one value of LMDB. Names are written once a commit: encoding them in each row was a third of
 * a commit.
 *
 *   u8 format | u32 size of the names | names as JSON | rows
 *   names: [featurestore, entity type, source, feature, …], a list for each combination of features of a source
 *   a row: u32 index of its names | i64 timestamp | i64 created timestamp | u32 size, entity id | u32 size, value, …
 */
const FORMAT = 1;
const HEADER_BYTES = 5;
const ROW_BYTES = 4 + 8 + 8 + 4;
const NULL_INT64 = -(2n ** 63n);

type Names = readonly [featurestore: string, entityType: string, source: string, ...features: string[]];

/** A row whose source is a name: the registry may no longer have it. */
export interface LoggedRow {
  readonly featurestore: string;
  readonly entityType: string;
  readonly source: string;
  readonly entityId: string;
  readonly timestamp: bigint | null;
  readonly created: bigint;
  readonly values: ReadonlyMap<string, RawValue | null>;
}

const writer = new ByteWriter();

export function encodeCommit(rows: readonly OnlineWrite[]): Buffer {
  const table = new NameTable();
  const indexes = rows.map((row) => table.indexOf(row));
  writer.begin();
  writer.uint8(FORMAT);
  const namesSize = writer.skip(4);
  writer.text(JSON.stringify(table.all));
  writer.setUint32(namesSize, writer.length - namesSize - 4);
  for (let row = 0; row < rows.length; row += 1) {
    const { entityId, version, values } = rows[row]!;
    writer.uint32(indexes[row]!);
    writer.int64(version.timestamp ?? NULL_INT64);
    writer.int64(version.createdTimestamp ?? NULL_INT64);
    const idSize = writer.skip(4);
    writer.text(entityId);
    writer.setUint32(idSize, writer.length - idSize - 4);
    const list = values instanceof KeyedList ? (values.list as readonly (RawValue | null)[]) : [...values.values()];
    for (const value of list) {
      const valueSize = writer.skip(4);
      writeValue(value, writer);
      writer.setUint32(valueSize, writer.length - valueSize - 4);
    }
  }
  // A copy: a transaction takes it later, and may encode other rows meanwhile.
  return Buffer.from(writer.written());
}

export function decodeCommit(bytes: Buffer): LoggedRow[] {
  if (bytes[0] !== FORMAT) throw new Error(`a commit of the log has the unknown format ${bytes[0]}`);
  let at = HEADER_BYTES + bytes.readUInt32LE(1);
  const table = JSON.parse(bytes.toString('utf8', HEADER_BYTES, at)) as readonly Names[];
  const rows: LoggedRow[] = [];
  while (at < bytes.length) {
    const [featurestore, entityType, source, ...features] = table[bytes.readUInt32LE(at)]!;
    const timestamp = readInt64(bytes, at + 4);
    const created = readInt64(bytes, at + 12);
    const idEnd = at + ROW_BYTES + bytes.readUInt32LE(at + 20);
    const entityId = bytes.toString('utf8', at + ROW_BYTES, idEnd);
    at = idEnd;
    const values = new Map<string, RawValue | null>();
    for (const feature of features) {
      const end = at + 4 + bytes.readUInt32LE(at);
      values.set(feature, decodeValue(bytes, at + 4, end));
      at = end;
    }
    const time = timestamp === NULL_INT64 ? null : timestamp;
    rows.push({ featurestore, entityType, source, entityId, timestamp: time, created, values });
  }
  return rows;
}

/** The names of the rows of a commit, each combination once. */
class NameTable {
  readonly all: Names[] = [];
  readonly #bySource = new Map<FeatureSource, Map<string, number>>();
  /** Of the row before: most rows have the same. */
  #last: { readonly source: FeatureSource; readonly keys: ListKeys<string>; readonly index: number } | undefined;

  indexOf({ source, values }: OnlineWrite): number {
    if (!(values instanceof KeyedList)) return this.#find(source, values);
    const keys = values.sharedKeys as ListKeys<string>;
    if (this.#last?.source !== source || this.#last.keys !== keys) {
      this.#last = { source, keys, index: this.#find(source, values) };
    }
    return this.#last.index;
  }

  #find(source: FeatureSource, values: OnlineWrite['values']): number {
    let indexes = this.#bySource.get(source);
    if (!indexes) this.#bySource.set(source, (indexes = new Map<string, number>()));
    const features = [...values.keys()];
    const key = features.join();
    let index = indexes.get(key);
    if (index === undefined) {
      const { name, entityType } = source;
      index = this.all.push([entityType.featurestore.name, entityType.name, name, ...features]) - 1;
      indexes.set(key, index);
    }
    return index;
  }
}
