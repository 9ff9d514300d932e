import type { DocumentNode, ExecutionResult } from 'graphql';

/** An operation that the guard has let pass. */
export interface ExecutionRequest {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  /** As the client sent them. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** The declared variables as resolvers get them. */
  readonly coercedVariables: Readonly<Record<string, unknown>>;
  readonly context: unknown;
}

export type Execute = (request: ExecutionRequest) => Promise<ExecutionResult> | ExecutionResult;
