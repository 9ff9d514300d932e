import { InvalidArgumentError } from 'commander';

/** The options for labels without a list. */
export interface GeneratedLabelFlags {
  readonly every?: Readonly<Record<string, number>>;
  readonly eventsOf?: string;
  readonly from?: string;
  readonly until?: string;
  readonly labelTimeZone?: string;
  readonly entityId?: readonly string[];
}

/** The GeneratedLabelsInput of the API; undefined without such options. The gateway refuses what is missing. */
export function toGeneratedLabels(options: GeneratedLabelFlags): Record<string, unknown> | undefined {
  const { every, eventsOf, from, until, labelTimeZone: timeZone, entityId: entityIds } = options;
  if (every === undefined && eventsOf === undefined) return undefined;
  const regular = every && { from, until, every, timeZone };
  const events = eventsOf === undefined ? undefined : { feature: eventsOf, from, until };
  return { entityIds, times: { regular, events } };
}

const UNITS: Readonly<Record<string, string>> = { s: 'seconds', d: 'days', w: 'weeks' };

/** Reads 3600s, 1d or 2w as a LabelIntervalInput. */
export function interval(text: string): Record<string, number> {
  const [, count, unit] = /^(\d{1,9})([sdw])$/.exec(text) ?? [];
  if (count === undefined || Number(count) < 1) {
    throw new InvalidArgumentError('It is a number of seconds, days or weeks: 3600s, 1d or 1w.');
  }
  return { [UNITS[unit!]!]: Number(count) };
}
