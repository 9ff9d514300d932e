import { useGraphiQL } from '@graphiql/react';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL, type GraphiQLProps } from 'graphiql';
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { useEffect, type ReactElement } from 'react';
import { createRoot } from 'react-dom/client';
import type { PageExamples } from '../server/example-queries.js';
import './console.css';
import { exactVariables } from './exact-variables.js';
import { shownOperation } from './shown-operation.js';
import { storageOf } from './storage.js';

/**
 * GraphiQL with a tab for each example of the registry. It restores the text of an earlier visit. GraphiQL fails with
 * an empty list of tabs.
 */
async function start(): Promise<void> {
  const { registry, queries } = await readExamples();
  const subscriptionUrl = new URL('/graphql', location.href.replace(/^http/, 'ws')).href;
  const fetcher = exactVariables(shownOperation(createGraphiQLFetcher({ url: '/graphql', subscriptionUrl })));
  createRoot(document.getElementById('console')!).render(
    <GraphiQL
      fetcher={fetcher}
      storage={storageOf(registry, localStorage)}
      {...(queries.length > 0 ? { defaultTabs: queries.map(({ query }) => ({ query })) } : {})}
      customScalarSchemas={SCALARS}
      shouldPersistHeaders={false}
    >
      <GraphiQL.Logo>
        <Name />
      </GraphiQL.Logo>
    </GraphiQL>,
  );
}

/** The page is of use without examples, so it opens without them if the gateway cannot give them. */
async function readExamples(): Promise<PageExamples> {
  const response = await fetch('/console/examples.json');
  return response.ok ? ((await response.json()) as PageExamples) : { registry: '', queries: [] };
}

/** What a variable of a scalar may be, for the editor of variables: GraphiQL marks all else as an error. */
const SCALARS: NonNullable<GraphiQLProps['customScalarSchemas']> = {
  BigInt: { type: ['string', 'integer'] },
  DateTime: { type: 'string' },
  FeatureScalar: {},
  JSONObject: { type: 'object' },
};

/** The name of the product. It wraps the lines of the editors too: GraphiQL has no option for that. */
function Name(): ReactElement {
  const query = useGraphiQL(({ queryEditor }) => queryEditor);
  const variables = useGraphiQL(({ variableEditor }) => variableEditor);
  useEffect(
    () => [query, variables].forEach((editor) => editor?.updateOptions({ wordWrap: 'on' })),
    [query, variables],
  );
  return <>featuregraph</>;
}

void start();
