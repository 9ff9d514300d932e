import { execute, type DocumentNode, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { compileQuery, isCompiledQuery, type CompiledQuery } from 'graphql-jit';

export interface ExecutionRequest {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: unknown;
}

export type Execute = (request: ExecutionRequest) => Promise<ExecutionResult> | ExecutionResult;

/** What is known of one operation of a document. */
interface Plan {
  timesSeen: number;
  /** null: the compiler does not take it, graphql-js does. */
  compiled: CompiledQuery | null | undefined;
}

/**
 * Executes operations with a plan compiled to JavaScript: 1.6 times faster than graphql-js on small answers, 4 times on
 * large ones (bench/http). Compiling takes milliseconds, so a document is compiled when it comes a second time: one-off
 * documents, a fuzzer's for instance, never pay for it.
 *
 * Plans hang on the parsed document, which Apollo keeps as long as its text is in use: they go when it goes.
 */
export function compiledExecution(schema: GraphQLSchema): Execute {
  const plans = new WeakMap<DocumentNode, Map<string, Plan>>();

  const planOf = (document: DocumentNode, operationName = ''): Plan => {
    let ofDocument = plans.get(document);
    if (!ofDocument) plans.set(document, (ofDocument = new Map<string, Plan>()));
    let plan = ofDocument.get(operationName);
    if (!plan) ofDocument.set(operationName, (plan = { timesSeen: 0, compiled: undefined }));
    return plan;
  };

  return ({ document, operationName, variables, context }) => {
    const plan = planOf(document, operationName);
    plan.timesSeen += 1;
    if (plan.timesSeen > 1 && plan.compiled === undefined) {
      const compiled = compileQuery(schema, document, operationName ?? '');
      plan.compiled = isCompiledQuery(compiled) ? compiled : null;
    }
    if (plan.compiled) return plan.compiled.query({}, context, variables);
    return execute({
      schema,
      document,
      rootValue: {},
      contextValue: context,
      variableValues: variables,
      operationName,
    });
  };
}
