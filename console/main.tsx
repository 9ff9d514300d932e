import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { createRoot } from 'react-dom/client';
import './console.css';

interface ExampleQuery {
  readonly name: string;
  readonly query: string;
}

/**
 * GraphiQL with a tab for each example of the registry. It restores the text of an earlier visit. GraphiQL fails with
 * an empty list of tabs.
 */
async function start(): Promise<void> {
  const response = await fetch('/console/examples.json');
  const examples = (await response.json()) as ExampleQuery[];
  const subscriptionUrl = new URL('/graphql', location.href.replace(/^http/, 'ws')).href;
  const fetcher = createGraphiQLFetcher({ url: '/graphql', subscriptionUrl });
  createRoot(document.getElementById('console')!).render(
    <GraphiQL
      fetcher={fetcher}
      {...(examples.length > 0 ? { defaultTabs: examples.map(({ query }) => ({ query })) } : {})}
      shouldPersistHeaders={false}
    />,
  );
}

void start();
