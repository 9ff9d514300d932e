import type { RawValue } from '../../../values/value-type.js';
import type { OnlineWrite } from '../online-store.js';
import { decodeValue, encodeValue } from '../value-codec.js';
import type { FindSource } from '../write-log.js';

/**
 * A row in the log, for msgpack. Times are text: msgpack has several forms of whole numbers, and reads some of them as
 * JavaScript numbers.
 */
export type LogRow = readonly [
  featurestore: string,
  entityType: string,
  source: string,
  entityId: string,
  timestamp: string | null,
  created: string,
  names: readonly string[],
  values: readonly Uint8Array[],
];

export function encodeLogRow({ source, entityId, version, values }: OnlineWrite): LogRow {
  return [
    source.entityType.featurestore.name,
    source.entityType.name,
    source.name,
    entityId,
    version.timestamp === null ? null : String(version.timestamp),
    String(version.createdTimestamp),
    [...values.keys()],
    Array.from(values.values(), encodeValue),
  ];
}

/** undefined for a source that the registry no longer has. */
export function decodeLogRow(row: LogRow, findSource: FindSource): OnlineWrite | undefined {
  const [featurestore, entityType, name, entityId, timestamp, created, names, values] = row;
  const source = findSource(featurestore, entityType, name);
  if (!source) return undefined;
  return {
    entityId,
    source,
    version: {
      timestamp: timestamp === null ? null : BigInt(timestamp),
      createdTimestamp: BigInt(created),
      sequence: null,
    },
    values: new Map(names.map((feature, index) => [feature, decode(values[index]!)])),
  };
}

function decode(bytes: Uint8Array): RawValue | null {
  const buffer = Buffer.from(bytes);
  return decodeValue(buffer, 0, buffer.length);
}
