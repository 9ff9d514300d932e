import { MICROS_PER_SECOND, parseInstant, type Instant } from '../../../values/instant.js';

/**
 * The end dates of the APIs of Vertex AI Feature Store (Legacy) and of Optimized online serving. Data that was not
 * exported by then is lost. No features have been added since 2026-05-17.
 */
export const END_OF_SERVICE = parseInstant('2027-02-17T00:00:00Z');
const DAY = 86_400n * MICROS_PER_SECOND;

/** `ends on 2027-02-17: 84 days are left`, for a sentence whose subject is the service. */
export function endOfService(now: Instant): string {
  if (now >= END_OF_SERVICE) return 'ended on 2027-02-17';
  const days = (END_OF_SERVICE - now) / DAY;
  return `ends on 2027-02-17: ${days} ${days === 1n ? 'day is' : 'days are'} left`;
}
