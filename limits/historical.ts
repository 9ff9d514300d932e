import { BREAK, Kind, visit, type DocumentNode } from 'graphql';

/** The arguments and fields that read the history of features. */
const ARGUMENTS = new Set(['asOf', 'knownAt', 'strictlyBefore']);
const FIELDS = new Set(['history', 'statistics', 'drift', 'trainingSetPreview', 'validateTrainingSet']);

/** Whether a document reads the offline store. It is remembered for each document, because documents come again. */
export function historicalReads(): (document: DocumentNode) => boolean {
  const known = new WeakMap<DocumentNode, boolean>();
  return (document) => {
    let isHistorical = known.get(document);
    if (isHistorical === undefined) known.set(document, (isHistorical = readsHistory(document)));
    return isHistorical;
  };
}

function readsHistory(document: DocumentNode): boolean {
  let isHistorical = false;
  visit(document, {
    enter: (node) => {
      const isOne =
        (node.kind === Kind.ARGUMENT && ARGUMENTS.has(node.name.value)) ||
        (node.kind === Kind.FIELD && FIELDS.has(node.name.value));
      if (!isOne) return undefined;
      isHistorical = true;
      return BREAK;
    },
  });
  return isHistorical;
}
