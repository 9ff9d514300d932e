import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ask, startJob } from '../support/ask.js';
import { linearGraph } from '../support/onnx-graphs.js';
import { packPackage, UserProject, type PackedFile } from '../support/packed-package.js';
import { until } from '../support/until.js';

const REGISTRY = `
featurestores:
  - name: shop
    tables: { orders: orders.csv }
    entityTypes:
      - name: customer
        sources:
          - sql: customer.sql
            features: [{ name: orders, valueType: INT64 }]
`;
const MODEL = `
models:
  - name: linear
    onnx: linear.onnx
    inputs: [{ name: a, valueType: DOUBLE }, { name: b, valueType: DOUBLE }]
    outputs: [{ name: y, valueType: DOUBLE }]
`;
/** Two hundred megabytes, from the npm registry. */
const INSTALL_MS = 600_000;

const read = (path: string) => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');

describe('the packed package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'featuregraph-package-'));
  let tarball: string;
  let files: PackedFile[];
  beforeAll(async () => {
    ({ tarball, files } = await packPackage(folder));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const projects = new Map<number, Promise<UserProject>>();
  /** Installed once for all tests: that takes most of the time. */
  const installed = (npm: 10 | 11): Promise<UserProject> => {
    const project = projects.get(npm) ?? install(npm);
    projects.set(npm, project);
    return project;
  };
  const install = async (npm: 10 | 11): Promise<UserProject> => {
    const project = await UserProject.install(join(folder, `npm-${npm}`), npm, tarball);
    project.write('registry.yaml', REGISTRY);
    project.write('models.yaml', REGISTRY + MODEL);
    project.write('linear.onnx', linearGraph());
    project.write('orders.csv', 'id,time,orders\nc1,2001-01-01T00:00:00Z,7\n');
    project.write('customer.sql', 'SELECT id AS entity_id, time AS event_timestamp, orders FROM orders');
    return project;
  };
  const serve = async (project: UserProject, registry?: string) => {
    const gateway = await project.serve(registry === undefined ? {} : { FEATUREGRAPH_REGISTRY: registry });
    onTestFinished(() => gateway.stop());
    return gateway;
  };
  const expectToServe = async (url: string): Promise<void> => {
    expect(await ask(url, '{ shop { customer(entityId: "c1") { orders } } }')).toEqual({
      shop: { customer: { orders: '7' } },
    });
    const page = await fetch(url, { headers: { accept: 'text/html' } });
    const script = /src="([^"]+\.js)"/.exec(await page.text())![1]!;
    expect((await fetch(new URL(script, url))).status).toBe(200);
  };

  it('has what runs and what explains it, and neither tests nor benches nor sources', () => {
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        '.env.example',
        'dist/cli/main.js',
        'dist/console/index.html',
      ]),
    );
    expect(paths.filter((path) => /(^|\/)(test|bench|examples)|\.(ts|map|tsbuildinfo)$/.test(path))).toEqual([]);
    expect([...new Set(paths.filter((path) => path.includes('/')).map((path) => path.split('/')[0]))]).toEqual([
      'dist',
      'docs',
    ]);
  });

  it.for([10, 11] as const)(
    'serves a registry after npm %i installed it without internet beside the npm registry',
    { timeout: INSTALL_MS },
    async (npm) => {
      const { url } = await serve(await installed(npm), 'registry.yaml');
      await expectToServe(url);
    },
  );

  it('says what to set when it is started without a registry', { timeout: INSTALL_MS }, async () => {
    await expect(serve(await installed(11))).rejects.toThrow(
      /FEATUREGRAPH_REGISTRY is not set[^]*set it to the path of your registry file/,
    );
  });

  it(
    'says what to run when a model needs ONNX Runtime, and runs the model after that',
    { timeout: INSTALL_MS },
    async () => {
      const project = await installed(11);
      const refusal: unknown = await serve(project, 'models.yaml').catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        message: expect.stringMatching(
          /The model "linear" is an ONNX file and needs the package onnxruntime-node, which is not installed/,
        ),
      });
      const advice = /run "([^"]+)"/.exec((refusal as Error).message)![1]!;
      const { version } = JSON.parse(read('node_modules/onnxruntime-node/package.json')) as { version: string };
      expect(advice).toBe(`ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node@${version}`);

      await project.run('sh', ['-c', advice]);
      const { url } = await serve(project, 'models.yaml');
      await expectToServe(url);
      project.write('.featuregraph/files/rows.csv', 'a,b\n1,10\n2,20\n');
      const id = await startJob(url, 'startBatchPrediction', {
        displayName: 'Two rows',
        model: 'models/linear',
        input: { files: { paths: ['rows.csv'] } },
        output: { format: 'PARQUET' },
      });
      const query =
        'query ($id: ID!) { job(id: $id) { state ... on BatchPredictionJob { predictions { nodes { prediction } } } } }';
      const job = async () => (await ask(url, query, { id })).job;
      await until(async () => /SUCCEEDED|FAILED|CANCELLED/.test((await job()).state as string));
      expect(await job()).toEqual({
        state: 'SUCCEEDED',
        predictions: { nodes: [{ prediction: { y: 31 } }, { prediction: { y: 63 } }] },
      });
    },
  );
});
