import type { FeatureStream } from '../../datasources/registry/model.js';
import type { TimeFormat } from '../../datasources/registry/stream-settings.js';
import { OperatorError } from '../../errors/operator-error.js';
import type { MessageFormat, SchemaField } from './formats/message-format.js';

/** The path of a stream that is the key of the message, and no part of its content. */
export const KEY_PATH = '$key';

/**
 * Compares the paths of a stream with the schema of its messages. A path that the schema lacks would never be written, and a
 * time in another unit than that of the schema would be another time. Both are an OperatorError.
 */
export function checkPaths(stream: FeatureStream, { findField }: MessageFormat): void {
  if (!findField) return;
  const { name, entityId, timestamp, features } = stream;
  const faults: string[] = [];
  const find = (path: string): SchemaField | undefined => {
    if (path === KEY_PATH) return undefined;
    const field = findField(path.split('.'));
    if (!field) faults.push(`the schema has no field "${path}"`);
    return field;
  };
  entityId.forEach(find);
  const times = timestamp && find(timestamp.path)?.times;
  if (times && !times.includes(timestamp.format)) {
    faults.push(`the time "${timestamp.path}" is declared as ${timestamp.format}, and the schema has ${list(times)}`);
  }
  for (const [feature, path] of features) {
    const field = find(path);
    if (field && feature.valueType === 'TIMESTAMP' && field.times.length !== 1) {
      faults.push(
        `the feature "${feature.name}" is TIMESTAMP, and the schema has ${list(field.times)} at "${path}": declare it as a time in the schema, or the feature as INT64`,
      );
    }
  }
  if (faults.length > 0)
    throw new OperatorError(`The stream "${name}" does not fit the schema of its messages:`, faults);
}

/** The format of the times of a TIMESTAMP feature; call only after `checkPaths`. */
export function timeFormatOf(path: string, { findField }: MessageFormat): TimeFormat {
  return (path === KEY_PATH ? undefined : findField?.(path.split('.'))?.times[0]) ?? 'RFC_3339';
}

function list(times: readonly TimeFormat[]): string {
  return times.length === 0 ? 'no time' : times.join(' or ');
}
