/**
 * A fault in what the operator gave us (environment, registry, data files), found before the gateway serves.
 * Printed without a stack: the list of faults is the whole message, because a stack hides it.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';

  constructor(
    readonly summary: string,
    readonly faults: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super([summary, ...faults.map((fault) => `  - ${fault}`)].join('\n'), options);
  }
}
