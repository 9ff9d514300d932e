import { parse } from 'graphql';
import { readTrainingSet } from '../../resolvers/read-training-set.js';
import type { RequestContext } from '../../resolvers/context.js';
import { WorkEnd } from '../../runtime/work-end.js';
import type { Place } from '../run-operation.js';
import { runArrow, type ArrowAnswer, type ArrowOptions } from './run-arrow.js';

const DOCUMENT = parse(`query ArrowTrainingSet($id: ID!) {
  job(id: $id) { ... on TrainingSetJob { output { location columns rows } } }
}`);

/** About what DuckDB, a chunk and a record batch hold of one stream. */
const BYTES_IN_MEMORY = 4_194_304;

/** Reads a training set for an Arrow stream. */
export function answerTrainingSet(
  variables: Readonly<Record<string, unknown>>,
  options: ArrowOptions,
  context: RequestContext,
  place: Place,
): Promise<ArrowAnswer> {
  const { end = new WorkEnd() } = place;
  return runArrow(
    options,
    {
      document: DOCUMENT,
      variables,
      read: async ({ id }) => ({
        bytes: BYTES_IN_MEMORY,
        ...(await readTrainingSet(context, id as string, end.signal)),
      }),
    },
    context,
    place,
  );
}
