import type { protos } from '@google-cloud/aiplatform';
import { MICROS_PER_SECOND, type Instant } from '../../../values/instant.js';

type ProtoTimestamp = protos.google.protobuf.ITimestamp;

/** Seconds are text: a JS number would suffice, but the client's types of an int64 are text at both ends. */
export function toProtoTime(instant: Instant): ProtoTimestamp {
  const micros = ((instant % MICROS_PER_SECOND) + MICROS_PER_SECOND) % MICROS_PER_SECOND;
  return { seconds: ((instant - micros) / MICROS_PER_SECOND).toString(), nanos: Number(micros) * 1000 };
}

/**
 * null when there is no time. It truncates digits finer than a microsecond: a value must not move past the moment of a
 * read.
 */
export function fromProtoTime(time: ProtoTimestamp | null | undefined): Instant | null {
  if (time === null || time === undefined) return null;
  return BigInt(String(time.seconds ?? 0)) * MICROS_PER_SECOND + BigInt(Math.floor((time.nanos ?? 0) / 1000));
}
