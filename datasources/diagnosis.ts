/** What `featuregraph doctor` found of one thing. Written for the operator: names of projects and tables belong in it. */
export interface Finding {
  /** fault: it will not work, or loses values. warning: it works, and something about it should be known. */
  readonly status: 'ok' | 'warning' | 'fault';
  readonly message: string;
  /** What to do about it: best a command. */
  readonly remedy?: string;
}

/** The findings about one store, in an order in which each may take the ones before it for granted. */
export interface Diagnosis {
  readonly store: string;
  readonly findings: AsyncIterable<Finding>;
}
