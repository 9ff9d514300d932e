import { KeyedList, type ListKeys } from '../../../runtime/keyed-list.js';
import { readInt64, textSize, writeInt64, writeText } from '../../../runtime/write-bytes.js';
import type { RawValue } from '../../../values/value-type.js';
import type { FeatureSource } from '../../registry/model.js';
import type { OnlineWrite } from '../online-store.js';
import { decodeValue, encodedSize, writeValue } from '../value-codec.js';

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

export function encodeCommit(rows: readonly OnlineWrite[]): Buffer {
  const table = new NameTable();
  let size = HEADER_BYTES;
  const indexes = rows.map((row) => {
    size += ROW_BYTES + textSize(row.entityId);
    for (const value of row.values.values()) size += 4 + encodedSize(value);
    return table.indexOf(row);
  });
  const names = Buffer.from(JSON.stringify(table.all));
  const bytes = Buffer.allocUnsafe(size + names.length);
  bytes[0] = FORMAT;
  let at = bytes.writeUInt32LE(names.length, 1);
  at += names.copy(bytes, at);
  for (const [row, { entityId, version, values }] of rows.entries()) {
    at = bytes.writeUInt32LE(indexes[row]!, at);
    at = writeInt64(version.timestamp ?? NULL_INT64, bytes, at);
    at = writeInt64(version.createdTimestamp ?? NULL_INT64, bytes, at);
    const idEnd = writeText(entityId, bytes, at + 4);
    bytes.writeUInt32LE(idEnd - at - 4, at);
    at = idEnd;
    for (const value of values.values()) {
      const end = writeValue(value, bytes, at + 4);
      bytes.writeUInt32LE(end - at - 4, at);
      at = end;
    }
  }
  return bytes;
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
