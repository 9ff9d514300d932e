import { setTimeout } from 'node:timers/promises';

/** How often an operation is repeated while a busy machine makes the gateway refuse it. */
const MAX_ATTEMPTS = 20;

/**
 * Sends an operation to a gateway as any client does; gives its data. Errors in the answer are thrown. An OVERLOADED
 * operation was not started, so it is repeated after the time that the error names.
 */
export async function ask(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
  attempt = 1,
): Promise<any> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as {
    data?: unknown;
    errors?: { extensions?: { code?: string; retryAfterSeconds?: number } }[];
  };
  const overloaded = errors?.find(({ extensions }) => extensions?.code === 'OVERLOADED');
  if (overloaded && attempt < MAX_ATTEMPTS) {
    await setTimeout((overloaded.extensions?.retryAfterSeconds ?? 1) * 1000);
    return ask(url, query, variables, attempt + 1);
  }
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** Starts a job by a mutation; gives its id. */
export async function startJob(
  url: string,
  mutation: 'startTrainingSet' | 'startBatchPrediction',
  input: Record<string, unknown>,
): Promise<string> {
  const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
  const answer = await ask(
    url,
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { job { id } userErrors { message field } } }`,
    { input },
  );
  const { job, userErrors } = answer[mutation];
  if (!job) throw new Error(JSON.stringify(userErrors));
  return job.id as string;
}
