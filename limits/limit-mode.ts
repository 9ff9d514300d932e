/** What a limit that a request reaches does: refuse the request, or count it and let it pass. */
export type LimitMode = 'enforce' | 'measure';

/** The limits that can be measured before they are enforced. The others protect the process from one request. */
export type MeasurableLimit = 'cost' | 'work_in_flight' | 'event_loop' | 'heap';

/** Told of each request that reaches a limit. */
export type ReportLimit = (limit: MeasurableLimit, isEnforced: boolean) => void;

export interface LimitPolicy {
  readonly mode: LimitMode;
  readonly report: ReportLimit;
}

export const ENFORCE: LimitPolicy = { mode: 'enforce', report: () => undefined };
