import type { Fetcher, FetcherParams } from '@graphiql/toolkit';
import { Kind, parse, type DocumentNode } from 'graphql';

/**
 * A fetcher that runs the operation that the page shows. GraphiQL reads the operations of a document some time after it
 * opens the tab. Until then, it sends the name of an operation of the tab before, which the gateway refuses.
 */
export function shownOperation(fetcher: Fetcher): Fetcher {
  return (parameters, options) => {
    const document = parseOrNothing(parameters.query);
    if (!document) return fetcher(parameters, options);
    return fetcher(withOwnName(parameters, document), { ...options, documentAST: document });
  };
}

function withOwnName(parameters: FetcherParams, { definitions }: DocumentNode): FetcherParams {
  const names = definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? [definition.name?.value] : [],
  );
  const { operationName, ...rest } = parameters;
  const [only] = names;
  if (names.length !== 1 || operationName === only) return parameters;
  return only === undefined ? rest : { ...rest, operationName: only };
}

/** The gateway says what is wrong with a document that has no form. */
function parseOrNothing(text: string): DocumentNode | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
