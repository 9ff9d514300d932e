/**
 * A fault in the operator's input (environment, registry, data files), found before the gateway serves. It is printed
 * without a stack, because the list of faults is the whole message and a stack would hide it.
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
