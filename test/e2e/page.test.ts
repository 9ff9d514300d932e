import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { PageExamples } from '../../server/example-queries.js';
import { ask, startJob } from '../support/ask.js';
import { describeWithBrowser, startBrowser, WatchedPage } from '../support/browser.js';
import type { ServedRegistry } from '../support/serve-registries.js';
import { servedRegistry } from '../support/served-registry.js';
import { until } from '../support/until.js';

/** What a visitor sees of a registry. */
interface Shown {
  /** The first example, and what its answer shows. */
  readonly first: string;
  readonly firstAnswer: string;
  readonly second: string;
  readonly secondAnswer: string;
  readonly featurestore: string;
  readonly entityType: string;
}

const SHOWN: Readonly<Record<ServedRegistry, Shown>> = {
  flights: {
    first: 'Registry',
    firstAnswer: '"name": "flights"',
    second: 'Typed',
    secondAnswer: '"city": "San Francisco"',
    featurestore: 'flights',
    entityType: 'airport',
  },
  minimal: {
    first: 'Typed',
    firstAnswer: '"lastOrderId": "900719925474099',
    second: 'Registry',
    secondAnswer: '"name": "last_order_id"',
    featurestore: 'shop',
    entityType: 'customer',
  },
};
/** 2^53 + 1: as a JavaScript number it becomes 9007199254740992. */
const BEYOND = '9007199254740993';

const editor = (page: Page): Locator => page.getByRole('region', { name: 'Operation Editor' });
const variables = (page: Page): Locator => page.getByRole('region', { name: 'Variables' });
const answer = (page: Page): Locator => page.getByRole('region', { name: 'Result Window' });
const execute = (page: Page): Promise<void> => page.getByRole('button', { name: /^Execute query/ }).click();
const tabs = (page: Page): Locator => page.locator('.graphiql-tab-button');
const openTab = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();

/**
 * The text of an editor without its spaces: the editor breaks and indents lines as it likes. The order of its elements is
 * not that of the lines.
 */
async function textOf(pane: Locator): Promise<string> {
  const lines = await pane.locator('.view-line').evaluateAll((elements) =>
    elements
      .map((element) => [element.getBoundingClientRect().top, element.textContent] as const)
      .toSorted(([one], [other]) => one - other)
      .map(([, text]) => text),
  );
  return withoutSpaces(lines.join(''));
}
const withoutSpaces = (text: string): string => text.replaceAll(/\s/g, '');

/** Waits until a pane shows a text. */
const untilShown = (pane: Locator, text: string): Promise<void> =>
  until(async () => (await textOf(pane)).includes(withoutSpaces(text)));

/** Replaces the text of an editor. */
async function write(page: Page, pane: Locator, text: string): Promise<void> {
  await pane.locator('.view-lines').filter({ visible: true }).click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  // As from the clipboard: typed characters would get brackets added.
  await page.keyboard.insertText(text);
}

describeWithBrowser('the page at /', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  /** The page as a visitor sees it who was never here. Fails the test on any fault that the page had. */
  const open = async (url: string): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    onTestFinished(() => context.close());
    const watched = new WatchedPage(await context.newPage(), url);
    onTestFinished(() => expect(watched.faults).toEqual([]));
    await watched.page.goto(new URL('/', url).href);
    // GraphiQL takes no click on a tab before its editor is loaded.
    await until(async () => (await textOf(editor(watched.page))) !== '');
    return watched.page;
  };

  describe.each(Object.entries(SHOWN) as [ServedRegistry, Shown][])('over the registry %s', async (name, shown) => {
    const { featurestore, entityType } = shown;
    const { url } = await servedRegistry(name);
    let page: Page;
    beforeEach(async () => {
      page = await open(url);
    });

    it('has the name of the product, a tab for each example, and the text of the first', async () => {
      const response = await fetch(new URL('/console/examples.json', url));
      const { queries } = (await response.json()) as PageExamples;
      expect(await page.title()).toBe('featuregraph');
      const names = queries.map(({ query }) => /^(?:query|mutation|subscription) (\w+)/m.exec(query)![1]);
      expect(await tabs(page).allTextContents()).toEqual(names);
      await untilShown(editor(page), `query ${shown.first} {`);
    });

    it('runs an example, then another, and shows their answers', async () => {
      await execute(page);
      await untilShown(answer(page), shown.firstAnswer);
      await openTab(page, shown.second);
      await untilShown(editor(page), `query ${shown.second} {`);
      await execute(page);
      await untilShown(answer(page), shown.secondAnswer);
    });

    it('shows an integer beyond 2^53 as it is, and sends none whose digits it has lost', async () => {
      await write(
        page,
        editor(page),
        `query Exact($rows: [JSONObject!]!) { trainingSetPreview(input: { featurestore: "${featurestore}",
          entityType: "${entityType}", labels: { source: { rows: $rows } } }) { rows } }`,
      );
      await page.getByRole('button', { name: 'Variables', exact: true }).click();
      const rows = (account: string): string =>
        `{ "rows": [{ "${entityType}": "x", "timestamp": "2026-01-06T00:00:00Z", "account": ${account} }] }`;
      await write(page, variables(page), rows(`"${BEYOND}"`));
      await execute(page);
      await untilShown(answer(page), `"account": "${BEYOND}"`);
      expect(await variables(page).locator('.squiggly-error').count()).toBe(0);
      await write(page, variables(page), rows(BEYOND));
      await execute(page);
      await untilShown(answer(page), 'The variable rows.0.account is a whole number beyond 2^53.');
    });

    it('shows the schema with its descriptions', async () => {
      await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
      const documentation = page.getByRole('region', { name: 'Documentation Explorer' });
      await documentation.getByRole('link', { name: 'Query', exact: true }).click();
      await documentation.getByRole('link', { name: 'featureMatrix', exact: true }).waitFor();
      await documentation.getByRole('link', { name: featurestore, exact: true }).waitFor();
    });

    it('shows the events of a subscription as they come', async () => {
      const id = await startJob(url, 'startTrainingSet', {
        trainingSet: {
          featurestore,
          entityType,
          labels: { source: { rows: [{ [entityType]: 'x', timestamp: '2026-01-06T00:00:00Z' }] } },
        },
      });
      await write(page, editor(page), `subscription Watch { jobProgress(id: "${id}") { state } }`);
      // The page sends a subscription by WebSocket once it has read the text, which gives the tab its name.
      await tabs(page).getByText('Watch', { exact: true }).waitFor();
      await execute(page);
      await untilShown(answer(page), '"state": "SUCCEEDED"');
    });

    it('opens with the text of the last visit', async () => {
      await write(page, editor(page), 'query Mine { models { id } }');
      await tabs(page).getByText('Mine', { exact: true }).waitFor();
      await page.reload();
      await untilShown(editor(page), 'query Mine { models { id } }');
    });
  });

  it('shows what a client writes while a subscription runs', async () => {
    const { url } = await servedRegistry('minimal');
    const page = await open(url);
    await openTab(page, 'Follow');
    await untilShown(editor(page), 'subscription Follow');
    const text = await textOf(editor(page));
    const entityId = /entityIds:\["(\w+)"\]/.exec(text)![1]!;
    await execute(page);
    await untilShown(answer(page), `"entityId": "${entityId}"`);
    const rows = [
      {
        entityType: 'customer',
        entityId,
        timestamp: '2026-02-01T00:00:00Z',
        values: [{ feature: 'city', value: 'Basel' }],
      },
    ];
    await ask(
      url,
      'mutation ($rows: [WrittenRowInput!]!) { writeFeatureValues(input: { featurestore: "shop", rows: $rows }) { written } }',
      { rows },
    );
    await untilShown(answer(page), '"value": "Basel"');
  });

  it('opens with the examples of the registry that is served, not with those of one before it', async () => {
    const flights = await servedRegistry('flights');
    const minimal = await servedRegistry('minimal');
    const context = await browser.newContext();
    const page = await context.newPage();
    onTestFinished(async () => {
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      await context.close();
    });
    // One address, behind which another gateway stands at the second visit.
    let served = flights.url;
    await page.route(/^http:\/\/localhost:1\//, async (route) => {
      const { pathname } = new URL(route.request().url());
      const response = await route.fetch({ url: new URL(pathname, served).href });
      await route.fulfill({ response });
    });
    for (const [url, first] of [
      [flights.url, 'query Registry'],
      [minimal.url, 'query Typed'],
    ] as const) {
      served = url;
      await page.goto('http://localhost:1/graphql');
      await untilShown(editor(page), first);
    }
  });
});
