import type { Instant } from '../values/instant.js';

/** Labels without a list: the entities of a type at the times of a range. Label 0 is the first entity at the first time. */
export interface GeneratedLabels {
  readonly kind: 'GENERATED';
  /** Only these entities; null: all. */
  readonly entityIds: readonly string[] | null;
  readonly times: RegularTimes | EventTimes;
  readonly timeColumn: string;
}

/** Each entity that exists at the time is a label. */
export interface RegularTimes {
  readonly kind: 'REGULAR';
  readonly from: Instant;
  /** Exclusive. */
  readonly until: Instant;
  readonly every: LabelInterval;
  /** The name of a time zone, whose days and weeks count. */
  readonly timeZone: string;
}

export interface LabelInterval {
  readonly unit: 'SECOND' | 'DAY' | 'WEEK';
  readonly count: number;
}

/** Each event time of a source is a label of its entity. */
export interface EventTimes {
  readonly kind: 'EVENTS';
  /** A feature of the source. */
  readonly feature: string;
  readonly from: Instant;
  /** Exclusive. */
  readonly until: Instant;
}
