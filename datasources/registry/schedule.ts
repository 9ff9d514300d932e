import { toErrorMessage } from '../../errors/error-message.js';
import { Cron } from 'croner';

/** The schedule of syncs or refreshes: five cron fields in a time zone, with minute precision. */
export interface Schedule {
  readonly pattern: string;
  /** An IANA time zone, such as Europe/Zurich; UTC where the text has none. */
  readonly timeZone: string;
}

/**
 * Parses a schedule in Vertex AI's format: `0 3 * * *`, or with a time zone, `CRON_TZ=Europe/Zurich 0 3 * * *` (`TZ=`
 * is the same). Throws an Error with the reason, also for a schedule that never fires.
 */
export function parseSchedule(text: string): Schedule {
  const { timeZone = 'UTC', pattern } = /^(?:(?:CRON_)?TZ=(?<timeZone>\S+)\s+)?(?<pattern>.*)$/s.exec(text.trim())!
    .groups as { timeZone?: string; pattern: string };
  // The library also accepts instants, words like @daily and more fields; Vertex AI does not.
  if (pattern.split(/\s+/).length !== 5 || pattern.startsWith('@')) {
    throw new Error('a schedule has five fields: minute, hour, day of month, month, day of week');
  }
  if (!isTimeZone(timeZone)) throw new Error(`there is no time zone "${timeZone}"`);
  const schedule = { pattern, timeZone };
  if (nextTime(schedule) === null) throw new Error('its time never comes');
  return schedule;
}

function nextTime(schedule: Schedule): Date | null {
  try {
    return createCron(schedule, { paused: true }).nextRun();
  } catch (error) {
    throw new Error(toErrorMessage(error).replace(/^CronPattern: /, ''), { cause: error });
  }
}

/** Croner's class: when paused, it only computes times; with a function, it calls the function at each time. */
export function createCron(
  { pattern, timeZone: timezone }: Schedule,
  options: { readonly paused?: boolean } = {},
  run?: (cron: Cron) => void,
): Cron {
  // unref: the timer does not prevent the process from ending.
  const all = { mode: '5-part', timezone, unref: true, ...options } as const;
  return run ? new Cron(pattern, all, run) : new Cron(pattern, all);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
