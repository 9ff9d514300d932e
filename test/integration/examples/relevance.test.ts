import { readSourceInputs } from '../../../ingestion/source-fingerprint.js';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpServing } from '../../../batch-prediction/models/http/http-serving.js';
import type { Instance, Predictor } from '../../../batch-prediction/models/model-serving.js';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { FileReader } from '../../../datasources/files/file-reader.js';
import { DuckDbOfflineStore } from '../../../datasources/offline/duckdb/duckdb-offline-store.js';
import type { Registry } from '../../../datasources/registry/registry.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import { compressionQuality, structuralSimilarity } from '../../../examples/relevance/measures/compression-quality.js';
import { entropy } from '../../../examples/relevance/measures/entropy.js';
import { measure, QUERY, type Measures } from '../../../examples/relevance/measures/measure.js';
import { saliency } from '../../../examples/relevance/measures/saliency.js';
import { similarity } from '../../../examples/relevance/measures/similarity.js';
import { createModelServer } from '../../../examples/relevance/model-server.js';
import { luminance, PICTURE_IDS, readPicture, type Picture } from '../../../examples/relevance/pictures.js';
import { describePicture } from '../../../examples/relevance/quadtree.js';

const folder = join(import.meta.dirname, '../../../examples/relevance');
const written = readFileSync(join(folder, 'measures.ndjson'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Record<'image', string> & Record<keyof Measures, number>);

/** A picture of grey pixels, from their brightness. */
function grey(width: number, height: number, brightness: (x: number, y: number) => number): Picture {
  const pixels = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) pixels.fill(brightness(x, y), (y * width + x) * 4, (y * width + x) * 4 + 3);
  }
  return { width, height, pixels };
}
const flat = grey(64, 64, () => 100);
const noise = grey(64, 64, (x, y) => (x * 7919 + y * 104729 + x * y * 31) % 256);
const spot = grey(64, 64, (x, y) => (x < 8 && y < 8 ? 250 : 20));

describe('the four measures', () => {
  it('are those written down, for pictures of the package as they are read now', () => {
    expect(written.map(({ image }) => image)).toEqual(PICTURE_IDS);
    const query = readPicture(QUERY)!;
    for (const { image, ...measures } of written.filter((_, index) => index % 9 === 0)) {
      const now = measure(readPicture(image)!, query);
      for (const [name, value] of Object.entries(now)) {
        expect(value, `${image} ${name}`).toBeCloseTo(measures[name as keyof typeof measures], 5);
      }
    }
  });

  it('say what they are named after', () => {
    expect(entropy(flat)).toBe(0);
    expect(entropy(grey(64, 64, (x) => (x < 32 ? 0 : 200)))).toBeCloseTo(1 / 8);
    expect(entropy(noise)).toBeGreaterThan(0.9);
    expect(saliency(flat)).toBe(0.1);
    // Of two equal halves every pixel is as far from the mean.
    expect(saliency(grey(64, 64, (x) => (x < 32 ? 0 : 200)))).toBeCloseTo(0.1, 1);
    expect(saliency(spot)).toBeGreaterThan(0.9);
    expect(similarity(noise, noise)).toBeCloseTo(1);
    expect(
      similarity(
        flat,
        grey(64, 64, () => 250),
      ),
    ).toBe(0);
    expect(structuralSimilarity(noise, noise)).toBeCloseTo(1);
    expect(compressionQuality(flat)).toBeGreaterThan(0.99);
    expect(compressionQuality(noise)).toBeLessThan(compressionQuality(grey(64, 64, (x) => x * 2)));
  });
});

describe('a picture in tokens', () => {
  it('is told better with more of them, and never takes more than it may', () => {
    const picture = readPicture('photo_05_whole')!;
    const descriptions = [1, 3, 4, 16, 64, 256, 1024].map((budget) => ({
      budget,
      ...describePicture(picture, budget),
    }));
    for (const { tokens, budget } of descriptions) expect(tokens).toBeLessThanOrEqual(budget);
    const qualities = descriptions.map(({ quality }) => quality);
    expect(qualities).toEqual([...qualities].sort((a, b) => a - b));
    expect(descriptions[0]).toMatchObject({ tokens: 1, levelOfDetail: 0 });
    expect(descriptions[0]!.quality).toBeCloseTo(0);
    expect(descriptions.at(-1)!.quality).toBeGreaterThan(0.7);
  });

  it('has its detail where there is something to see', () => {
    // A corner of 8 pixels of 64 is three halvings deep: each cuts one region into four.
    expect(describePicture(spot, 100)).toEqual({ tokens: 10, levelOfDetail: 3, quality: 1 });
    expect(describePicture(flat, 100)).toEqual({ tokens: 1, levelOfDetail: 0, quality: 1 });
  });

  it('loses no pixel, whatever the size', () => {
    const odd = grey(7, 5, (x, y) => x * 20 + y * 7);
    const { tokens, quality } = describePicture(odd, 1000);
    expect(tokens).toBeLessThanOrEqual(luminance(odd).length);
    expect(quality).toBeLessThanOrEqual(1);
    expect(quality).toBeGreaterThan(0.9);
  });
});

describe('the relevance example', () => {
  const server = createModelServer();
  let registry: Registry;
  let predictor: Predictor;
  let origin: string;
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    registry = await loadRegistry(join(folder, 'registry.yaml'));
    const model = registry.model('token_allocator');
    const http = { ...model.http!, healthUrl: `${origin}/health` };
    predictor = await new HttpServing().open({ ...model, location: `${origin}/predict`, http });
  });
  afterAll(async () => {
    await predictor.close();
    server.close();
    server.closeAllConnections();
  });

  const predict = async (instances: readonly Instance[], parameters: Record<string, unknown> | null) =>
    predictor.predict({ instances, parameters, signal: new AbortController().signal });

  it('has the measures as features of its featurestore', async () => {
    const image = registry.entityType('relevance', 'image');
    const reader = await FileReader.open(join(temporaryFolder(), 'reading'));
    const offline = await DuckDbOfflineStore.open(await DuckDbDatabase.open(':memory:'), image.sources, { reader });
    expect(
      (await offline.import(image.sources[0]!, await readSourceInputs(image.sources[0]!), () => undefined)).rows,
    ).toBe(75n);
    const [cells] = await offline.pointInTime({
      entityType: image,
      labels: [{ entityId: 'photo_03_nw', time: 1_000_000_000_000_000n }],
      features: image.features,
    });
    const { image: _, ...measures } = written.find((row) => row.image === 'photo_03_nw')!;
    expect(cells!.map(({ value }) => value)).toEqual(Object.values(measures));
    await offline.close();
  });

  /** As a batch job asks: batches of 8, five of them in flight; then the metrics of its predictions. */
  async function evaluate(mode: string, budget: number) {
    const batches = Array.from({ length: Math.ceil(written.length / 8) }, (_, batch) =>
      written.slice(batch * 8, batch * 8 + 8),
    );
    const outcomes = [];
    for (let first = 0; first < batches.length; first += 5) {
      const inFlight = batches.slice(first, first + 5);
      const parameters = { token_budget: budget, relevance_mode: mode };
      outcomes.push(...(await Promise.all(inFlight.map((batch) => predict(batch, parameters)))).flat());
    }
    const predictions = outcomes.map((outcome) => {
      if (outcome.kind === 'failure') throw new Error(outcome.message);
      return outcome.prediction as { tokens: bigint; level_of_detail: bigint; quality: number; relevance: number };
    });
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const levels = predictions.map(({ level_of_detail }) => Number(level_of_detail));
    return {
      predictions,
      averageTokens: mean(predictions.map(({ tokens }) => Number(tokens))),
      tokenEfficiency: mean(predictions.map(({ tokens, quality }) => quality / Number(tokens))),
      levelVariance: mean(levels.map((level) => (level - mean(levels)) ** 2)),
    };
  }

  it('gives relevant pictures more tokens, within the budget', async () => {
    const { predictions, averageTokens, levelVariance } = await evaluate('vervaekean', 200);
    expect(predictions).toHaveLength(75);
    for (const { tokens, relevance, quality } of predictions) {
      // Cutting a region makes four of it, so up to two tokens are left over.
      const budget = Math.floor(200 * relevance);
      expect(Number(tokens)).toBeGreaterThan(budget - 3);
      expect(Number(tokens)).toBeLessThanOrEqual(budget);
      expect(quality).toBeGreaterThan(0);
    }
    expect(averageTokens).toBeLessThan(200);
    expect(levelVariance).toBeGreaterThan(0);
  });

  it('spends fewer tokens than a uniform allocation, and gets more out of each', async () => {
    const [byRelevance, uniform] = [await evaluate('vervaekean', 200), await evaluate('uniform', 200)];
    expect(uniform.averageTokens).toBeGreaterThan(197);
    expect(byRelevance.averageTokens).toBeLessThan(uniform.averageTokens);
    expect(byRelevance.tokenEfficiency).toBeGreaterThan(uniform.tokenEfficiency);
  });

  it('refuses what it cannot do with the reason', async () => {
    const [good] = written;
    const [unknown, known] = await predict([{ ...good, image: 'photo_99_whole' }, good!], null);
    expect(unknown).toMatchObject({ code: 'INSTANCE_REFUSED', message: 'There is no picture "photo_99_whole".' });
    expect(known).toMatchObject({ kind: 'prediction' });
    expect(await predict([{ ...good!, procedural_quality: 7 }], null)).toMatchObject([{ code: 'INSTANCE_REFUSED' }]);
    const ask = async (body: string) => {
      const response = await fetch(`${origin}/predict`, { method: 'POST', body });
      return [response.status, await response.json()];
    };
    expect(await ask('{"instances": [], "parameters": {"token_budget": 0}}')).toEqual([
      400,
      { error: '"token_budget" is an integer from 1 to 4096.' },
    ]);
    expect(await ask('{"instances": [], "parameters": {"relevance_mode": "loud"}}')).toMatchObject([
      400,
      { error: expect.stringContaining('vervaekean') },
    ]);
    expect(await ask('{"instances": 1}')).toMatchObject([400, {}]);
    expect(await ask('{')).toMatchObject([400, {}]);
    expect((await fetch(`${origin}/elsewhere`)).status).toBe(404);
  });
});
