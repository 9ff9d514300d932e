import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { HttpServing } from '../../batch-prediction/models/http/http-serving.js';
import type { Instance } from '../../batch-prediction/models/model-serving.js';
import type { Model } from '../../datasources/registry/prediction-model.js';
import { closedPort, linear, startModelServer, type Behaviour } from '../support/model-server.js';
import { testModel, type ModelInput } from '../support/test-model.js';
import { describeModelServing } from './model-serving.contract.js';

const status =
  (code: number, body = 'secret detail'): Behaviour =>
  (_, response) => {
    response.writeHead(code).end(body);
  };

const predictAll: Behaviour = ({ instances }) => ({ predictions: instances.map(linear) });

describeModelServing('an HTTP server', async () => {
  const server = await startModelServer({ '/predict': predictAll, '/slow': () => undefined });
  const healthUrl = `${server.origin}/healthy`;
  return {
    serving: new HttpServing(),
    model: testModel({ http: { url: `${server.origin}/predict`, healthUrl } }),
    slow: testModel({ http: { url: `${server.origin}/slow` } }),
    broken: testModel({ name: 'broken', http: { url: `http://127.0.0.1:${await closedPort()}/predict` } }),
    secret: '127.0.0.1',
    dispose: () => server.close(),
  };
});

describe('an HTTP model', () => {
  let attempts = 0;
  let server: Awaited<ReturnType<typeof startModelServer>>;
  const closedRequests = Promise.withResolvers<string>();
  beforeAll(async () => {
    server = await startModelServer({
      '/predict': predictAll,
      '/echo': ({ instances, parameters }) => ({
        predictions: instances.map((instance) => ({ y: 0, instance, parameters })),
      }),
      '/one-too-few': ({ instances }) => ({ predictions: instances.slice(1).map(linear) }),
      '/no-predictions': () => ({ error: 'out of memory' }),
      '/no-json': status(200, '<html>'),
      '/500': status(500),
      '/429': status(429),
      '/404': status(404),
      '/moved': (_, response) => {
        response.writeHead(307, { location: '/predict' }).end();
      },
      '/400': status(400),
      '/never': (_, response) => {
        response.on('close', () => closedRequests.resolve('closed'));
      },
      '/endless': (_, response) => {
        response.writeHead(200);
        const send = (): void => {
          while (!response.destroyed && response.write('[1,'.repeat(10_000)));
        };
        response.on('drain', send);
        send();
      },
      '/mixed': ({ instances }) => ({
        predictions: instances.map(
          ({ a }) => [{ y: 1 }, { error: 'no such image' }, { z: 1 }, { y: 'one' }, 5, null][Number(a)],
        ),
      }),
      '/second-time': (request, response, message) => {
        attempts += 1;
        return attempts === 1 ? status(503)(request, response, message) : predictAll(request, response, message);
      },
    });
  });
  afterAll(() => server.close());

  const modelAt = (path: string, model: Partial<ModelInput> = {}): Model =>
    testModel({ http: { url: `${server.origin}${path}` }, ...model });
  const predict = async (
    model: Model,
    instances: readonly Instance[],
    parameters: Record<string, unknown> | null = null,
    signal = new AbortController().signal,
  ) => {
    const predictor = await new HttpServing(100_000).open(model);
    return predictor.predict({ instances, parameters, signal }).finally(() => predictor.close());
  };
  const two = [
    { a: 1, b: 1 },
    { a: 2, b: 2 },
  ];

  it('gets instances with every column, and the parameters, as JSON can carry them', async () => {
    const typed = modelAt('/echo', {
      inputs: [
        { name: 'small', valueType: 'INT64' },
        { name: 'large', valueType: 'INT64' },
        { name: 'many', valueType: 'INT64_ARRAY' },
        { name: 'at', valueType: 'TIMESTAMP' },
        { name: 'raw', valueType: 'BYTES' },
        { name: 'ratio', valueType: 'DOUBLE' },
        { name: 'maybe', valueType: 'STRING', nullable: true },
      ],
    });
    const instance: Instance = {
      small: 7n,
      large: 2n ** 63n - 1n,
      many: [1n, 2n ** 60n],
      at: 1_000_000_000_000_001n,
      raw: new Uint8Array([1, 2, 3]),
      ratio: -Infinity,
      maybe: null,
      undeclared: 12n,
      nothing: null,
    };
    const [outcome] = await predict(typed, [instance], { token_budget: 200, mode: { deep: [true] } });
    expect(outcome).toEqual({
      kind: 'prediction',
      prediction: {
        y: 0,
        instance: {
          small: 7,
          large: '9223372036854775807',
          many: [1, '1152921504606846976'],
          at: '2001-09-09T01:46:40.000001Z',
          raw: { b64: 'AQID' },
          ratio: '-Infinity',
          maybe: null,
          undeclared: 12,
          nothing: null,
        },
        parameters: { token_budget: 200, mode: { deep: [true] } },
      },
    });
  });

  it('sends no parameters when there are none', async () => {
    await predict(modelAt('/predict'), two);
    expect(server.requests.at(-1)).toEqual({ path: '/predict', body: { instances: two } });
  });

  it('reads what a server answers by the types of the outputs', async () => {
    const outputs = [
      { name: 'count', valueType: 'INT64' as const },
      { name: 'at', valueType: 'TIMESTAMP' as const },
      { name: 'raw', valueType: 'BYTES' as const },
      { name: 'scores', valueType: 'DOUBLE_ARRAY' as const },
      { name: 'nothing', valueType: 'STRING' as const },
    ];
    const answer = {
      count: '9007199254740993',
      at: '2001-09-09T01:46:40Z',
      raw: { b64: 'AQID' },
      scores: [1, 'NaN'],
      nothing: null,
    };
    const typed = await startModelServer({ '/typed': () => ({ predictions: [answer, { ...answer, count: 1.5 }] }) });
    const outcomes = await predict(testModel({ http: { url: `${typed.origin}/typed` }, outputs }), two);
    await typed.close();
    expect(outcomes).toEqual([
      {
        kind: 'prediction',
        prediction: {
          count: 9007199254740993n,
          at: 1_000_000_000_000_000n,
          raw: new Uint8Array([1, 2, 3]),
          scores: [1, NaN],
          nothing: null,
        },
      },
      { kind: 'failure', code: 'INVALID_PREDICTION', message: 'The prediction has a "count" that is no INT64.' },
    ]);
  });

  it('can refuse one instance of a batch, or answer it badly', async () => {
    expect(
      await predict(
        modelAt('/mixed'),
        [0, 1, 2, 3, 4].map((a) => ({ a, b: 0 })),
      ),
    ).toEqual([
      { kind: 'prediction', prediction: { y: 1 } },
      { kind: 'failure', code: 'INSTANCE_REFUSED', message: 'no such image' },
      { kind: 'failure', code: 'INVALID_PREDICTION', message: 'The prediction has no "y".' },
      { kind: 'failure', code: 'INVALID_PREDICTION', message: 'The prediction has a "y" that is no DOUBLE.' },
      { kind: 'prediction', prediction: { y: 5 } },
    ]);
  });

  it('rejects a batch that was not answered as a whole, so that it is tried again', async () => {
    const cases: [string, RegExp][] = [
      ['/one-too-few', /gave 1 predictions for 2 instances/],
      ['/no-predictions', /gave no list of predictions for 2 instances/],
      ['/no-json', /JSON/],
      ['/500', /HTTP 500/],
      ['/429', /HTTP 429/],
      ['/404', /HTTP 404/],
      ['/400', /HTTP 400/],
      ['/moved', /redirect \(HTTP 307\), which is not followed/],
      ['/endless', /over 100000 bytes/],
    ];
    for (const [path, fault] of cases) await expect(predict(modelAt(path), two), path).rejects.toThrow(fault);
    // A server with no time must not have its batches halved until each instance is called bad.
    await expect(predict(modelAt('/429'), two.slice(1))).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
    await expect(predict(modelAt('/second-time'), two)).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
    expect(await predict(modelAt('/second-time'), two)).toMatchObject([
      { prediction: { y: 4 } },
      { prediction: { y: 9 } },
    ]);
  });

  it('that refuses a request of a single instance has refused that instance', async () => {
    expect(await predict(modelAt('/400'), two.slice(1))).toEqual([
      {
        kind: 'failure',
        code: 'INSTANCE_REFUSED',
        message: "The model's server refused it (HTTP 400): secret detail.",
      },
    ]);
    await expect(predict(modelAt('/404'), two.slice(1))).rejects.toThrow(/HTTP 404/);
  });

  it('has a deadline, and its request is taken back', async () => {
    const model = testModel({ http: { url: `${server.origin}/never`, deadlineSeconds: 0.05 } });
    await expect(predict(model, two)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(await closedRequests.promise).toBe('closed');
  });

  it('is asked for its health when it is opened', async () => {
    const healthUrl = `${server.origin}/unhealthy`;
    const unhealthy = testModel({ http: { url: `${server.origin}/predict`, healthUrl } });
    await expect(new HttpServing().open(unhealthy)).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      message: 'The server of model "linear" says that it is not ready (HTTP 503). Start it, then try again.',
    });
  });

  it.each([
    [404, true],
    [405, true],
    [501, true],
    [500, false],
    [503, false],
  ])('is opened without a healthUrl if its server answers GET with %i: %s', async (code, opens) => {
    const refusing = createServer((_, response) => void response.writeHead(code).end()).listen(0, '127.0.0.1');
    onTestFinished(() => void refusing.close());
    await once(refusing, 'listening');
    const url = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}/predict`;
    const opened = new HttpServing().open(testModel({ http: { url } }));
    if (opens) await (await opened).close();
    else await expect(opened).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
  });

  it('gives up its requests when it is closed', async () => {
    const predictor = await new HttpServing().open(modelAt('/never'));
    const running = predictor.predict({ instances: two, parameters: null, signal: new AbortController().signal });
    setTimeout(() => void predictor.close(), 20);
    await expect(running).rejects.toThrow(/closed/);
  });
});
