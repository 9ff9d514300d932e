import type { Command } from 'commander';
import { expect } from 'vitest';
import type { OperatorError } from '../../errors/operator-error.js';

/** Nothing listens there: a command that gets as far as the gateway says that it does not answer. */
const NOWHERE = ['--url', 'http://127.0.0.1:1/graphql'];

/** The error of a command with these options. */
export async function refusalOf(command: Command, args: readonly string[]): Promise<OperatorError> {
  const error = await command
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parseAsync([...args, ...NOWHERE], { from: 'user' })
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  expect(error).toBeInstanceOf(Error);
  return error as OperatorError;
}

/** The options that a fault names, before its colon. */
export function namedOptions({ faults }: OperatorError): string[] {
  return faults.map((fault) => fault.split(':')[0]!);
}
