import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLOSE_CODES } from '../../../errors/close-codes.js';
import { ERROR_CODES } from '../../../errors/error-codes.js';
import { INSTANCE_ERROR_CODES } from '../../../errors/instance-error-codes.js';
import { JOB_ERROR_CODES } from '../../../errors/job-error-codes.js';
import { registryJsonSchema } from '../../../datasources/registry/document/document.js';
import { FILE_LIMITS } from '../../../limits/file-limits.js';
import { PROCESS_LIMITS } from '../../../limits/process-limits.js';
import { INGEST_LIMITS } from '../../../limits/ingest-limits.js';
import { MESSAGE_LIMITS } from '../../../limits/stream-ingest-limits.js';
import { QUERY_LIMITS } from '../../../limits/query-limits.js';
import { formatLimit, REQUEST_LIMITS } from '../../../limits/request-limits.js';
import { AUTH_LIMITS } from '../../../limits/auth-limits.js';
import { STREAM_LIMITS } from '../../../limits/stream-limits.js';
import { MAX_ENTITY_ID_BYTES } from '../../../values/entity-id.js';

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
const documents = files.filter((file) => file.endsWith('.md') && !file.startsWith('test/'));
const cells = (text: string) => text.split('\n').map((line) => line.replaceAll(/ *\| */g, '|'));

/** The packages that the list under a heading line names before its colon. */
function packagesUnder(heading: string, text: string): string[] {
  const [, list = ''] = text.split(`${heading}\n\n`);
  const items = list.split('\n\n')[0]!.split('\n- ');
  return items.flatMap((item) => item.replace(/^- /, '').split(':')[0]!.split(',')).map((name) => name.trim());
}

describe('the documents', () => {
  it('list every error code as the table has it', () => {
    for (const [code, { httpStatus, retryable, meaning }] of Object.entries(ERROR_CODES)) {
      expect(cells(read('docs/errors.md'))).toContain(
        `|\`${code}\`|${httpStatus}|${retryable ? 'yes' : 'no'}|${meaning}|`,
      );
    }
  });

  it('show the setups of clients as the examples have them, which tests run', () => {
    const examples = files.filter((file) => file.startsWith('examples/clients/')).map(read);
    const shown = [...read('docs/clients.md').matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);
    expect(shown).toHaveLength(5);
    for (const code of shown)
      expect(
        examples.some((example) => example.includes(code)),
        code,
      ).toBe(true);
  });

  it.each([
    ['jobs', JOB_ERROR_CODES],
    ['instances', INSTANCE_ERROR_CODES],
    ['WebSockets', CLOSE_CODES],
  ])('list every code of %s as the table has it', (_, codes) => {
    for (const [code, { retryable, meaning }] of Object.entries(codes)) {
      expect(cells(read('docs/errors.md'))).toContain(`|\`${code}\`|${retryable ? 'yes' : 'no'}|${meaning}|`);
    }
  });

  it('list no code that no table has', () => {
    const listed = read('docs/errors.md').matchAll(/^\| `(\w+)`/gm);
    const known = [ERROR_CODES, JOB_ERROR_CODES, INSTANCE_ERROR_CODES, CLOSE_CODES].flatMap(Object.keys);
    expect([...listed].map(([, code]) => code).toSorted()).toEqual(known.toSorted());
  });

  it('list every file that a new value type needs, as the compiler does', () => {
    const marked = (mark: string) =>
      [...read('docs/adding-a-value-type.md').matchAll(/\| `([\w/.-]+\.ts)` ([✓R ]+)\|/g)]
        .filter(([, , marks]) => marks!.includes(mark))
        .map(([, file]) => file)
        .toSorted();
    const having = (pattern: RegExp) =>
      files
        .filter((file) => file.endsWith('.ts') && file !== 'test/unit/docs/docs.test.ts' && pattern.test(read(file)))
        .toSorted();
    expect(marked('✓')).toEqual(having(/satisfies [^;]*\b(ValueType|ValueEncoders|ValueDecoders|ValueParsers)\b/));
    expect(marked('R')).toEqual(having(/satisfies [^;]*\bStructValue\b/));
  });

  it('say each limit as the code has it', () => {
    const MIB = 1_048_576;
    const { maxPageSize, defaultPageSize, defaultLongPageSize } = REQUEST_LIMITS;
    const limits: Record<string, string> = {
      'entity ids in `entities`, `featureMatrix` and typed lists': formatLimit(REQUEST_LIMITS.maxEntityIds),
      'ids in `nodes`': formatLimit(REQUEST_LIMITS.maxNodeIds),
      '`first`': `${maxPageSize} (${defaultPageSize} when absent; ${defaultLongPageSize} for features, histories and previews)`,
      'tokens of a document': formatLimit(QUERY_LIMITS.maxTokens),
      'levels of brackets in a document, and of a variable': formatLimit(QUERY_LIMITS.maxNesting),
      'selections after fragments are spread': formatLimit(QUERY_LIMITS.maxRecursiveSelections),
      'documents that the hot lane knows, with their plans': `${QUERY_LIMITS.maxKnownDocumentBytes / MIB} MiB`,
      'errors of a document that are reported': formatLimit(QUERY_LIMITS.maxValidationErrors),
      'labels in a request (`labels.source.rows`)': formatLimit(REQUEST_LIMITS.maxLabelRows),
      'joins of a training set': String(REQUEST_LIMITS.maxJoins),
      'columns of labels in a request; in a file or table': `${REQUEST_LIMITS.maxLabelColumns}; ${formatLimit(REQUEST_LIMITS.maxLabelFileColumns)}`,
      'WebSockets of one principal': formatLimit(STREAM_LIMITS.maxSocketsOfPrincipal),
      'labels that a training set generates': formatLimit(REQUEST_LIMITS.maxGeneratedLabels),
      'times at which labels are generated': formatLimit(REQUEST_LIMITS.maxLabelTimes),
      'labels of `trainingSetPreview`': formatLimit(REQUEST_LIMITS.maxPreviewLabels),
      'rows of `validateTrainingSet`': formatLimit(REQUEST_LIMITS.maxValidatedRows),
      '`metrics(of:)`': formatLimit(REQUEST_LIMITS.maxMetrics),
      'most frequent values of `statistics` (`topValues`)': `${REQUEST_LIMITS.maxTopValues} (${REQUEST_LIMITS.defaultTopValues} when absent)`,
      'bins of a histogram (`bins`)': `${REQUEST_LIMITS.maxHistogramBins} (${REQUEST_LIMITS.defaultHistogramBins} when absent)`,
      '`instances` of a batch prediction (fields)': formatLimit(REQUEST_LIMITS.maxInstanceFields),
      'an idempotency key': `${REQUEST_LIMITS.maxIdempotencyKeyBytes} bytes in UTF-8`,
      '`batchSize` of a local batch prediction': formatLimit(REQUEST_LIMITS.maxBatchSize),
      '`startingReplicaCount` of a local batch prediction': formatLimit(REQUEST_LIMITS.maxReplicas),
      'subscriptions of one WebSocket': formatLimit(STREAM_LIMITS.maxSubscriptions),
      'subscriptions of one principal': formatLimit(STREAM_LIMITS.maxSubscriptionsOfPrincipal),
      'answers waiting for a WebSocket to read': `${STREAM_LIMITS.maxBufferedBytes / MIB} MiB`,
      'WebSockets of one address that have not said who they are': formatLimit(
        STREAM_LIMITS.maxWaitingSocketsOfAddress,
      ),
      'WebSockets that have not said who they are': formatLimit(STREAM_LIMITS.maxWaitingSockets),
      'refused credentials of one address in a minute': formatLimit(AUTH_LIMITS.maxFailedPerMinute),
      'time for a WebSocket to say `connection_init`': `${STREAM_LIMITS.connectionInitTimeoutMs / 1000} s`,
      'time for an event stream to take what was written': `${STREAM_LIMITS.stalledReaderMs / 1000} s`,
      'an entity id': `${formatLimit(MAX_ENTITY_ID_BYTES)} bytes in UTF-8`,
      'time for the head of a request to arrive': `${REQUEST_LIMITS.headArrivalTimeoutMs / 1000} s`,
      'time for the body of a request to arrive': `${REQUEST_LIMITS.bodyArrivalTimeoutMs / 1000} s`,
      'a line of `POST /ingest`': `${INGEST_LIMITS.maxLineBytes / MIB} MiB`,
      'rows of one write of `POST /ingest`': formatLimit(INGEST_LIMITS.maxRowsPerWrite),
      'requests to `POST /ingest` at once': formatLimit(INGEST_LIMITS.maxConcurrentRequests),
      'requests to `POST /ingest` of one principal at once': formatLimit(
        INGEST_LIMITS.maxConcurrentRequestsPerPrincipal,
      ),
      'time for which `POST /ingest` may send nothing': `${INGEST_LIMITS.idleBodyMs / 1000} s`,
      'messages of a stream that wait in the process': `${formatLimit(MESSAGE_LIMITS.maxWaitingMessages)}, and ${MESSAGE_LIMITS.maxWaitingBytes / MIB} MiB`,
      'messages of one write of a stream': `${formatLimit(MESSAGE_LIMITS.maxBatchMessages)}, and ${MESSAGE_LIMITS.maxBatchBytes / MIB} MiB`,
      'delay of the event loop, in two half seconds in a row': `${PROCESS_LIMITS.pressure.maxLoopDelayOfLargeMs} ms for large requests, ${PROCESS_LIMITS.pressure.maxLoopDelayOfHistoricalMs} ms for small historical ones, ${PROCESS_LIMITS.pressure.maxLoopDelayMs / 1000} s for all`,
      'share of the heap in use': `${PROCESS_LIMITS.pressure.maxHeapShareOfOthers * 100} % for large and historical requests, ${PROCESS_LIMITS.pressure.maxHeapShare * 100} % for all`,
      'bodies that are not parsed yet': `${PROCESS_LIMITS.bodies.maxBytes / 2 ** 20} MiB together, ${PROCESS_LIMITS.bodies.maxBytesOfOwner / 2 ** 20} MiB of one principal (mode \`open\`: of one address)`,
      'jobs that run in a process': formatLimit(PROCESS_LIMITS.maxRunningJobs),
    };
    const document = cells(read('docs/limits.md')).map((line) => line.split('|').slice(1, 3));
    for (const [limit, value] of Object.entries(limits)) expect(document).toContainEqual([limit, value]);
  });

  it('say each limit of files as the code has it, and no other', () => {
    const MIB = 1_048_576;
    const limits: Record<string, string> = {
      columns: formatLimit(FILE_LIMITS.maxColumns),
      'levels of brackets in a value of JSON': formatLimit(FILE_LIMITS.maxJsonDepth),
      'a line, or a record over several lines': `${FILE_LIMITS.maxRecordBytes / MIB} MiB`,
      'characters of a path or pattern of a client': formatLimit(FILE_LIMITS.maxPathLength),
      'files of a folder or a pattern': `${formatLimit(FILE_LIMITS.maxFiles)}, in ${FILE_LIMITS.maxFolderDepth} levels of folders`,
      'what a compressed file expands to': `${FILE_LIMITS.maxExpansion} times its size, at least ${FILE_LIMITS.minExpandedBytes / MIB} MiB`,
      'memory of the process': `${FILE_LIMITS.workerMemoryBytes / (1024 * MIB)} GiB`,
      'time of a read': `${FILE_LIMITS.baseReadMs / 60_000} minute, and 1 second for each ${FILE_LIMITS.minBytesPerSecond / MIB} MiB`,
      'parsing processes at once, and reads that wait': `${FILE_LIMITS.maxWorkers}, and ${FILE_LIMITS.maxWaitingReads}`,
    };
    const [, table = ''] = read('docs/files.md').split(/\n\| limit .*\n.*\n/);
    const documented = cells(table.split('\n\n')[0]!).map((line) => line.split('|').slice(1, 3));
    expect(documented.toSorted()).toEqual(Object.entries(limits).toSorted());
  });

  it('give a reason for every dependency, as what it is, and for nothing else', () => {
    const document = read('docs/architecture.md');
    const { dependencies, optionalDependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      Record<string, string>
    >;
    expect(packagesUnder('At run time:', document).toSorted()).toEqual(
      [...Object.keys(dependencies!), ...Object.keys(optionalDependencies!)].toSorted(),
    );
    expect(packagesUnder('For development:', document).toSorted()).toEqual(Object.keys(devDependencies!).toSorted());
  });

  it('explain every key of a registry, and no other', () => {
    interface Shape {
      readonly properties?: Readonly<Record<string, Shape>>;
      readonly items?: Shape;
    }
    const registry = registryJsonSchema() as Shape;
    const featurestore = registry.properties!.featurestores!.items!;
    const entityType = featurestore.properties!.entityTypes!.items!;
    const source = entityType.properties!.sources!.items!;
    const objects: Record<string, Shape> = {
      'The file': registry,
      'A featurestore': featurestore,
      'An entity type': entityType,
      'A source': source,
      'A feature': source.properties!.features!.items!,
      'A feature view': featurestore.properties!.featureViews!.items!,
    };
    const [, section = ''] = read('docs/registry.md').split('\n## Every key\n');
    for (const [title, { properties }] of Object.entries(objects)) {
      const [, after = ''] = section.split(`**${title}**`);
      const rows = after
        .split(/\n\*\*|\n## /)[0]!
        .split('\n')
        .filter((line) => line.startsWith('| `'));
      const documented = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, key]) => key));
      expect(documented.toSorted(), title).toEqual(Object.keys(properties!).toSorted());
    }
  });

  it('are all listed in the README', () => {
    for (const file of documents.filter((path) => path.startsWith('docs/'))) {
      expect(read('README.md')).toContain(`](${file})`);
    }
  });

  it('name every room of the project', () => {
    const rooms = new Set(
      files.filter((file) => file.includes('/') && !file.startsWith('.')).map((file) => file.split('/')[0]),
    );
    for (const room of rooms) expect(read('docs/architecture.md')).toMatch(new RegExp(`^${room}/ `, 'm'));
  });

  it('link to what is there', () => {
    for (const file of documents) {
      for (const [, target] of read(file).matchAll(/\]\((?!http)([^)#]+)\)/g)) {
        expect(existsSync(join(root, dirname(file), target!)), `${file}: ${target}`).toBe(true);
      }
    }
  });

  it('name one version of Node.js: npm starts on 20, all else runs on the one that the dependency `node` brings', () => {
    const { engines, dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      Record<string, string>
    >;
    const major = dependencies!.node!.split('.')[0]!;
    expect(engines).toEqual({ node: '>=20' });
    expect(read('README.md')).toMatch(/You need Node\.js 20 or newer/);
    expect(read('CONTRIBUTING.md')).toMatch(/Any Node\.js from 20 on/);
    expect({
      nvmrc: read('.nvmrc').trim(),
      types: devDependencies!['@types/node']!.split('.')[0],
      image: [...read('Dockerfile').matchAll(/^FROM node:(\d+)/gm)].map(([, image]) => image),
      commandLine: /OLDEST_NODE = (\d+)/.exec(read('cli/node-version.ts'))?.[1],
      documents: [
        ...read('README.md')
          .concat(read('CONTRIBUTING.md'))
          .matchAll(/runs? on Node\.js (\d+)|brings Node\.js (\d+)/g),
      ].map(([, runs, brought]) => runs ?? brought),
    }).toEqual({ nvmrc: major, types: major, image: [major, major], commandLine: major, documents: [major, major] });
  });
});
