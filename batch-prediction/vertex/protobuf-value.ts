import type { protos } from '@google-cloud/aiplatform';

type Value = protos.google.protobuf.IValue;

/**
 * JSON as a google.protobuf.Value. The package's own helper requires loading the whole package, which takes two seconds
 * and 200 MB.
 */
export function protobufValue(json: unknown): Value {
  if (json === null || json === undefined) return { nullValue: 'NULL_VALUE' };
  if (typeof json === 'boolean') return { boolValue: json };
  if (typeof json === 'number') return { numberValue: json };
  if (typeof json === 'string') return { stringValue: json };
  if (Array.isArray(json)) return { listValue: { values: json.map(protobufValue) } };
  const fields = Object.entries(json).map(([name, value]) => [name, protobufValue(value)] as const);
  return { structValue: { fields: Object.fromEntries(fields) } };
}
