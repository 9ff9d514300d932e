import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { describeWithBigtable } from '../support/google/bigtable-emulator.js';
import { openGoogleGateways } from '../support/google/google-gateways.js';
import { describeWithGoogleSql } from '../support/google/with-googlesql.js';
import { readHistory, readNewest } from '../support/stored-counts.js';
import { until } from '../support/until.js';
import { WRITE_VALUES } from '../support/written-shop.js';

const OUTAGE_SECONDS = Number(process.env.FEATUREGRAPH_TEST_OUTAGE_SECONDS ?? 60);
/** Of each writer, before and after the outage. */
const CALM_ROWS = 20;
const WRITERS = 4;
const START = Date.parse('2001-01-01T00:00:00Z');

describeWithBigtable('a gateway whose Bigtable stops', () => {
  describeWithGoogleSql('under write load', () => {
    it(
      `for ${OUTAGE_SECONDS} s refuses writes in a way that can be repeated, and loses and doubles no acknowledged value`,
      async (test) => {
        const gateways = await openGoogleGateways();
        onTestFinished(() => gateways.close());
        const { pause, resume } = gateways.emulator;
        test.skip(!pause || !resume, 'the emulator runs elsewhere, so the test cannot stop it');
        const gateway = await gateways.serve(0);
        onTestFinished(() => void gateway.child.kill('SIGKILL'));
        let isOver = false;
        const acknowledged = Array.from({ length: WRITERS }, () => 0);
        const refused = new Map<string, number>();
        let repeatable = 0;

        /** Writes numbers in rising order, and repeats each until it is acknowledged. */
        const writeOn = async (writer: number): Promise<void> => {
          while (!isOver) {
            const number = acknowledged[writer]!;
            const row = {
              entityType: 'customer',
              entityId: `c${writer}`,
              timestamp: new Date(START + number * 1000).toISOString(),
              values: [{ feature: 'count', value: String(number) }],
            };
            const response = await fetch(gateway.url, {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({
                query: WRITE_VALUES,
                variables: { input: { featurestore: 'shop', rows: [row] } },
              }),
            });
            const { data, errors } = (await response.json()) as {
              data?: any;
              errors?: { message: string; extensions: { code: string; retryable: boolean } }[];
            };
            if (!errors) {
              expect(data.writeFeatureValues.userErrors).toEqual([]);
              acknowledged[writer] = number + 1;
              continue;
            }
            for (const { extensions } of errors) {
              refused.set(extensions.code, (refused.get(extensions.code) ?? 0) + 1);
              if (extensions.retryable) repeatable += 1;
            }
            await sleep(100);
          }
        };
        const writing = Promise.all(acknowledged.map((_, writer) => writeOn(writer)));
        const untilEachWrote = async (): Promise<void> => {
          const enough = acknowledged.map((count) => count + CALM_ROWS);
          await Promise.race([writing, until(() => acknowledged.every((count, writer) => count >= enough[writer]!))]);
        };

        await untilEachWrote();
        pause!();
        onTestFinished(() => resume!());
        const before = total(acknowledged);
        await sleep(OUTAGE_SECONDS * 1000);
        const during = total(acknowledged) - before;
        resume!();
        // Each writer goes on.
        await untilEachWrote();
        isOver = true;
        await writing;

        const ids = acknowledged.map((_, writer) => `c${writer}`);
        let lost = 0;
        let doubled = 0;
        for (const [writer, id] of ids.entries()) {
          const stored = await readHistory(gateway.url, id);
          const right = new Set(
            stored.filter(({ at, value }) => at === START + value * 1000).map(({ value }) => value),
          );
          doubled += stored.length - new Set(stored.map(({ at }) => at)).size;
          lost += Array.from({ length: acknowledged[writer]! }, (_, number) => number).filter(
            (number) => !right.has(number),
          ).length;
        }
        const refusals = [...refused.values()].reduce((sum, count) => sum + count, 0);
        console.log(
          `Bigtable stopped for ${OUTAGE_SECONDS} s: ${total(acknowledged)} rows acknowledged (${before} before, ${during} ` +
            `while it was stopped), ${lost} lost, ${doubled} doubled; ${refusals} requests refused, ${repeatable} of them ` +
            `with a retryable code: ${JSON.stringify(Object.fromEntries(refused))}`,
        );
        expect({ lost, doubled }).toEqual({ lost: 0, doubled: 0 });
        expect(repeatable).toBe(refusals);
        expect(refusals).toBeGreaterThan(0);
        const served = await readNewest(gateway.url, ids);
        expect(served.map(({ value }) => value)).toEqual(acknowledged.map((count) => count - 1));
        expect(await gateway.stop()).toBe(0);
      },
      (OUTAGE_SECONDS + 240) * 1000,
    );
  });
});

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
