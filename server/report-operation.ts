import type { GraphQLFormattedError } from 'graphql';
import type { GatewayMetrics } from '../observability/gateway-metrics.js';
import type { Logger } from '../observability/logger.js';

/** Clients choose the names of operations, so a log line cuts a name at this length. */
const MAX_NAME_LENGTH = 100;

export interface AnsweredOperation {
  /** query, mutation or subscription; none when the document was not parsed. */
  readonly type: string;
  readonly name: string | null | undefined;
  /** The kind of the principal. */
  readonly principal: string;
  /** The id of the trusted document, if it is one. */
  readonly documentId: string | undefined;
  /** performance.now() when it began. */
  readonly startedAt: number;
  readonly errors: readonly GraphQLFormattedError[] | undefined;
  readonly hasData: boolean;
}

/** Receives each operation of every transport when its answer is made, also those that are refused before they run. */
export type ReportOperation = (operation: AnsweredOperation) => void;

/**
 * Measures an operation, and logs the codes of its errors under the request id: the line of the request itself has status
 * 200, and a client's report may have few details. It logs codes only, because messages repeat client input.
 */
export function operationReporter({
  logger,
  metrics,
}: {
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
}): ReportOperation {
  return ({ type, name, principal, documentId, startedAt, errors, hasData }) => {
    // An answer without data failed as a whole: it was refused before any field ran, or a non-null field failed.
    const outcome = !errors ? 'ok' : hasData ? 'partial' : 'failed';
    metrics.operation({ type, outcome, principal }, (performance.now() - startedAt) / 1000);
    if (documentId !== undefined) metrics.trustedDocument(documentId, outcome);
    if (!errors) return;
    const codes = [...new Set(errors.map(({ extensions }) => extensions?.code))];
    const operation = name?.slice(0, MAX_NAME_LENGTH);
    logger.warn({ operation, documentId, codes, errors: errors.length }, 'answered with errors');
  };
}
