import { parse, type DocumentNode } from 'graphql';
import type { RequestContext } from '../../resolvers/context.js';
import { readMatrix, type MatrixArguments, type MatrixRows } from '../../resolvers/read-matrix.js';
import type { Place } from '../run-operation.js';
import { answerTooLarge } from '../write-answer.js';
import { matrixBatches, matrixBytes, type MatrixColumns } from './matrix-batches.js';
import { runArrow, type ArrowAnswer, type ArrowOptions } from './run-arrow.js';

const NAME = 'ArrowFeatureMatrix';

/** The query whose answer a stream is: its guard, its cost and its line in the audit log are those of the stream. */
function documentOf({ withStatuses, withTimestamps }: MatrixColumns): DocumentNode {
  const fields = ['entityIds values', ...(withStatuses ? ['statuses'] : []), ...(withTimestamps ? ['timestamps'] : [])];
  return parse(`query ${NAME}(
  $featurestore: String!, $entityType: String!, $entityIds: [ID!]!, $names: [String!]!
  $asOf: DateTime, $knownAt: DateTime, $strictlyBefore: Boolean = false, $includeExpired: Boolean = false
) {
  featureMatrix(
    featurestore: $featurestore, entityType: $entityType, entityIds: $entityIds, names: $names
    asOf: $asOf, knownAt: $knownAt, strictlyBefore: $strictlyBefore, includeExpired: $includeExpired
  ) { ${fields.join(' ')} }
}`);
}

interface Known {
  readonly columns: MatrixColumns;
  readonly document: DocumentNode;
}

const BOTH = [false, true];
const KNOWN: readonly Known[] = BOTH.flatMap((withStatuses) =>
  BOTH.map((withTimestamps) => {
    const columns = { withStatuses, withTimestamps };
    return { columns, document: documentOf(columns) };
  }),
);

/** Reads a feature matrix for an Arrow stream. `variables` are the arguments of featureMatrix. */
export function answerMatrix(
  columns: MatrixColumns,
  variables: Readonly<Record<string, unknown>>,
  options: ArrowOptions,
  context: RequestContext,
  place: Place,
): Promise<ArrowAnswer> {
  const { document } = KNOWN.find(
    ({ columns: of }) => of.withStatuses === columns.withStatuses && of.withTimestamps === columns.withTimestamps,
  )!;
  const { maxResponseBytes } = options;
  return runArrow(
    options,
    {
      document,
      variables,
      read: async (coerced) => {
        const matrix: MatrixRows = await readMatrix(context, coerced as unknown as MatrixArguments);
        const bytes = matrixBytes(matrix, columns);
        if (bytes > maxResponseBytes) throw answerTooLarge(maxResponseBytes);
        return { bytes, batches: matrixBatches(matrix, columns) };
      },
    },
    context,
    place,
  );
}
