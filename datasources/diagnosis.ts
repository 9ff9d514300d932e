/** One finding of `featuregraph doctor`. It is for the operator, so it may contain names of projects and tables. */
export interface Finding {
  /** fault: it does not work, or loses values. warning: it works, but the operator should know something about it. */
  readonly status: 'ok' | 'warning' | 'fault';
  readonly message: string;
  /** The remedy: preferably a command. */
  readonly remedy?: string;
}

/** The findings for one store, in an order in which each may assume that the earlier ones hold. */
export interface Diagnosis {
  readonly store: string;
  readonly findings: AsyncIterable<Finding>;
}
