/**
 * A model server with Vertex AI's contract for custom containers: GET /health, POST /predict {instances, parameters}.
 *   npm run example:relevance-server
 * An instance is a picture and its four relevance features; the answer is how it is told within the budget of tokens.
 */
import { createServer, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Measures } from './measures/measure.ts';
import { readPicture } from './pictures.ts';
import { describePicture } from './quadtree.ts';
import { relevance, RELEVANCE_MODES, tokensFor, type RelevanceMode } from './relevance.ts';

const MAX_TOKEN_BUDGET = 4096;

interface Parameters {
  readonly tokenBudget: number;
  readonly mode: RelevanceMode;
}

/** Not listening yet, so that a test can choose the port. */
export function createModelServer() {
  return createServer((request, response) => {
    if (request.method === 'GET' && request.url === '/health') return send(response, 200, { status: 'ready' });
    if (request.method !== 'POST' || request.url !== '/predict') return send(response, 404, { error: 'POST /predict' });
    json(request).then(
      (body) => answer(body, response),
      () => send(response, 400, { error: 'The body is no JSON.' }),
    );
  });
}

function answer(body: unknown, response: ServerResponse): void {
  const { instances, parameters } = (body ?? {}) as { readonly instances?: unknown; readonly parameters?: unknown };
  if (!Array.isArray(instances)) return send(response, 400, { error: '"instances" is a list.' });
  const read = readParameters((parameters ?? {}) as Readonly<Record<string, unknown>>);
  if (typeof read === 'string') return send(response, 400, { error: read });
  send(response, 200, { predictions: instances.map((instance: unknown) => predict(instance, read)) });
}

function readParameters({ token_budget = 200, relevance_mode = 'vervaekean' }: Readonly<Record<string, unknown>>) {
  if (!Number.isInteger(token_budget) || (token_budget as number) < 1 || (token_budget as number) > MAX_TOKEN_BUDGET) {
    return `"token_budget" is an integer from 1 to ${MAX_TOKEN_BUDGET}.`;
  }
  const mode = RELEVANCE_MODES.find((known) => known === relevance_mode);
  if (mode === undefined) return `"relevance_mode" is one of ${RELEVANCE_MODES.join(', ')}.`;
  return { tokenBudget: token_budget as number, mode };
}

function predict(instance: unknown, { tokenBudget, mode }: Parameters): object {
  const { image, ...measures } = (instance ?? {}) as { readonly image?: unknown } & Measures;
  const picture = typeof image === 'string' ? readPicture(image) : undefined;
  if (!picture) return { error: `There is no picture "${String(image)}".` };
  const score = relevance(mode, measures);
  if (!(score >= 0 && score <= 1)) return { error: 'The relevance features are numbers from 0 to 1.' };
  const { tokens, levelOfDetail, quality } = describePicture(picture, tokensFor(tokenBudget, score));
  return { tokens, level_of_detail: levelOfDetail, quality, relevance: score };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

if (import.meta.main) {
  const port = Number(process.env.PORT ?? 8501);
  createModelServer().listen(port, '127.0.0.1', () => console.log(`ready: http://127.0.0.1:${port}/predict`));
}
