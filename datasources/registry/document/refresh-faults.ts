import { toErrorMessage } from '../../../errors/error-message.js';
import { parseSchedule } from '../schedule.js';
import type { EntityTypeDocument, FeaturestoreDocument, SourceDocument } from './document.js';
import type { Fault } from '../../../runtime/yaml/fault.js';

/** What the registry says of refreshes, and cannot hold. */
export function refreshFaults(
  featurestore: FeaturestoreDocument,
  { sources }: EntityTypeDocument,
  path: readonly PropertyKey[],
): Fault[] {
  return sources.flatMap((source, index) => {
    const ofSource = [...path, 'sources', index];
    return [
      ...incrementalFaults(featurestore, source, [...ofSource, 'incremental']),
      ...refreshScheduleFaults(source, [...ofSource, 'refreshSchedule']),
    ];
  });
}

function incrementalFaults({ tables }: FeaturestoreDocument, source: SourceDocument, path: PropertyKey[]): Fault[] {
  const { incremental, sql, static: isStatic, partitions } = source;
  if (incremental === null) return [];
  const faults: Fault[] = [];
  if (sql === null) faults.push({ path, message: 'only a source with SQL is refreshed; take it out' });
  if (isStatic)
    faults.push({ path, message: 'the rows of a static source have no time; a refresh computes all of them' });
  if (partitions > 1)
    faults.push({ path, message: 'a source with partitions is computed whole; take out one of them' });
  if (!Object.hasOwn(tables, incremental.table)) {
    faults.push({ path: [...path, 'table'], message: `the featurestore has no table "${incremental.table}"` });
  }
  return faults;
}

function refreshScheduleFaults({ sql, refreshSchedule }: SourceDocument, path: PropertyKey[]): Fault[] {
  if (refreshSchedule !== null && sql === null) {
    return [{ path, message: 'clients write the values of a source without SQL; take the schedule out' }];
  }
  return scheduleFaults(refreshSchedule, path);
}

export function scheduleFaults(schedule: string | null, path: readonly PropertyKey[]): Fault[] {
  if (schedule === null) return [];
  try {
    parseSchedule(schedule);
    return [];
  } catch (error) {
    return [{ path, message: toErrorMessage(error) }];
  }
}
