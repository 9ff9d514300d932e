/**
 * Another client: one small read every 100 ms, online and as of a moment in turn. Runs in a process of its own, so that
 * the answers of the attack do not delay its clock. Sends its figures when it is told to stop.
 */
const [, , url = ''] = process.argv;
const EVERY_MS = 100;
const TIMEOUT_MS = 30_000;
const NOW = `{ entity(featurestore: "bench", entityType: "thing", entityId: "t1") { features(names: ["f0"]) { value } } }`;
const AS_OF = NOW.replace('entityId: "t1"', 'entityId: "t1", asOf: "2024-01-10T00:00:00Z"');

const milliseconds: { now: number[]; asOf: number[] } = { now: [], asOf: [] };
let failures = 0;

async function read(kind: 'now' | 'asOf'): Promise<void> {
  const start = performance.now();
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: kind === 'now' ? NOW : AS_OF }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { errors } = (await response.json()) as { errors?: unknown };
    if (errors) failures += 1;
  } catch {
    failures += 1;
  }
  milliseconds[kind].push(performance.now() - start);
}

const reads: Promise<void>[] = [];
const timer = setInterval(() => reads.push(read('now'), read('asOf')), EVERY_MS);
process.once('message', () => {
  clearInterval(timer);
  void Promise.all(reads).then(() => {
    process.send!({ ...milliseconds, failures });
    process.disconnect();
  });
});
