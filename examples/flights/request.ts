import type { TypedDocumentString } from './generated/graphql.ts';

/** All a typed client needs: the types come with the document. */
export async function request<Result, Variables>(
  url: string,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query: document.toString(), variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Result; errors?: readonly { message: string }[] };
  if (errors || !data) throw new Error(errors?.map(({ message }) => message).join('\n') ?? `HTTP ${response.status}`);
  return data;
}
