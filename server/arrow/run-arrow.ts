import type { RecordBatch } from 'apache-arrow';
import type { DocumentNode, GraphQLFormattedError, OperationDefinitionNode } from 'graphql';
import { findAppError } from '../../errors/mask-error.js';
import { historicalReads } from '../../limits/historical.js';
import type { RequestContext } from '../../resolvers/context.js';
import { toGraphqlError, toHttpStatus, type OperationGuard } from '../operation-guard.js';
import type { ReportOperation } from '../report-operation.js';
import { noteRefusal, runOperation, type Executed, type Place, type RunOptions } from '../run-operation.js';

export interface ArrowOptions extends RunOptions {
  readonly guard: OperationGuard;
  readonly report: ReportOperation;
  /** The largest answer, in bytes. A training set is no answer in memory, and may be larger. */
  readonly maxResponseBytes: number;
}

export interface ArrowStream {
  /** The bytes that the answer holds in memory while it is sent. */
  readonly bytes: number;
  readonly batches: AsyncIterable<RecordBatch>;
  /** Called when the stream has ended, in any case. */
  readonly close?: () => Promise<void>;
}

export interface ArrowAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly errors?: readonly GraphQLFormattedError[];
  readonly stream?: ArrowStream;
}

export interface ArrowOperation {
  /** The query whose answer a stream is: its guard, its cost and its line in the audit log are those of the stream. */
  readonly document: DocumentNode;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly read: (coerced: Readonly<Record<string, unknown>>) => Promise<ArrowStream>;
}

const isHistorical = historicalReads();

/** Opens an Arrow stream by the way of every operation (run-operation.ts). */
export async function runArrow(
  options: ArrowOptions,
  { document, variables, read }: ArrowOperation,
  context: RequestContext,
  place: Place,
): Promise<ArrowAnswer> {
  const startedAt = performance.now();
  const { guard, report } = options;
  const operation = document.definitions[0] as OperationDefinitionNode;
  const name = operation.name!.value;
  const guarded = guard(operation, { document, operationName: name, variables }, 'response');
  let failure: Error | undefined;
  const answer = await runOperation<ArrowStream>(options, {
    guarded,
    document,
    operation,
    isHistorical: isHistorical(document),
    context,
    documentId: undefined,
    place,
    execute: async () => {
      try {
        return { data: await read(guarded.coercedVariables!) };
      } catch (error) {
        failure = error as Error;
        return { errors: [toGraphqlError(failure)] } satisfies Executed<never>;
      }
    },
  });
  const { errors, data, headers } = answer;
  noteRefusal(place, errors, 'query');
  const { kind: principal } = context.principal;
  const answered = { type: operation.operation, name, principal, documentId: undefined };
  report({ ...answered, startedAt, errors, hasData: Boolean(data) });
  if (data) return { status: 200, headers, stream: data };
  const status = failure ? toHttpStatus(toGraphqlError(failure)) : (answer.status ?? 500);
  // GraphQL answers a failed field with 200. A client of a stream must see from the status that there is none.
  if (status >= 400) return { status, headers, errors: errors ?? [] };
  const isTooLarge = findAppError(failure)?.code === 'RESPONSE_TOO_LARGE';
  return { status: isTooLarge ? 413 : 422, headers, errors: errors ?? [] };
}
