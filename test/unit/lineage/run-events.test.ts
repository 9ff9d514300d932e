import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../../datasources/job-store/job-record.js';
import { toLineageJob } from '../../../lineage/job-names.js';
import type { RunEvent } from '../../../lineage/open-lineage.js';
import { JobKindEnum } from '../../../schema/job/enums.js';
import { writeEvent } from '../../../lineage/write-event.js';
import { allEvents, LINEAGE_JOBS, runEvents } from '../../support/openlineage/job-events.js';
import { runEventFaults } from '../../support/openlineage/run-event-faults.js';

const jobOf = (kind: string): JobRecord => LINEAGE_JOBS.find((job) => job.kind === kind)!;
const placesOf = ({ inputs, outputs }: RunEvent) => ({
  inputs: inputs.map(({ namespace, name }) => `${namespace} ${name}`),
  outputs: outputs.map(({ namespace, name }) => `${namespace} ${name}`),
});
const endOf = (kind: string, changes: Partial<JobRecord> = {}, places = {}) =>
  runEvents(places).end({ ...jobOf(kind), ...changes });

const ORDERS = 'bigquery my-project.features.customer__orders';
const VISITS = 'bigquery other-project.web.visits';

describe('the events of a job', () => {
  it('are there for every kind, with a name and datasets of its own', async () => {
    expect(new Set(LINEAGE_JOBS.map(({ kind }) => kind))).toEqual(new Set(Object.values(JobKindEnum)));
    for (const job of LINEAGE_JOBS) {
      const { job: named, inputs } = await runEvents().start(job);
      expect(named.name.startsWith(`${job.kind.toLowerCase()}.`), named.name).toBe(true);
      // The sources of the registry in BigQuery have no SQL that reads files.
      if (job.kind !== 'SOURCE_REFRESH') expect(inputs).not.toEqual([]);
    }
  });

  it('are as OpenLineage has them, for each kind, and a fault is found', async () => {
    const events = await allEvents();
    expect(events).toHaveLength(2 * LINEAGE_JOBS.length);
    for (const event of events) expect(runEventFaults(event)).toEqual([]);
    const [event] = events;
    for (const broken of [
      { ...event, run: { ...event!.run, runId: 'no-uuid' } },
      { ...event, eventTime: 'today' },
      { ...event, eventType: 'DONE' },
      { ...event, schemaURL: undefined },
      { ...event, inputs: [{ name: 'x' }] },
      { ...event, job: { ...event!.job, facets: { jobType: { integration: 'X' } } } },
    ]) {
      expect(runEventFaults(broken)).not.toEqual([]);
    }
  });

  it('name tables of BigQuery, files of Cloud Storage and files of this machine by the rules of OpenLineage', async () => {
    expect(placesOf(await endOf('TRAINING_SET'))).toEqual({
      inputs: ['file /data/files/labels/june.csv', ORDERS],
      outputs: ['gs://bucket sets/june.parquet'],
    });
    const shared = { sharedFiles: { bucket: 'team', folder: 'files' } };
    expect(placesOf(await endOf('TRAINING_SET', {}, shared)).inputs[0]).toBe('gs://team files/labels/june.csv');
    expect(placesOf(await endOf('BATCH_PREDICTION'))).toEqual({
      inputs: ['bigquery my-project.in.rows'],
      outputs: ['bigquery my-project.out.predictions', 'bigquery my-project.out.errors'],
    });
    expect(placesOf(await endOf('FEATURE_VIEW_SYNC'))).toEqual({
      inputs: [ORDERS, VISITS],
      outputs: ['prod online/shop.customer'],
    });
    // Its labels are the events of `visits`, and `total` is what the predictions are compared with.
    expect(placesOf(await endOf('BACKTEST'))).toEqual({ inputs: [ORDERS, VISITS], outputs: [] });
  });

  it('have the origin of a column only where it is a copy of one column', async () => {
    const [synced] = (await endOf('FEATURE_VIEW_SYNC')).outputs;
    const { fields } = synced!.facets.columnLineage as any;
    expect(Object.keys(fields)).toEqual(['email', 'visits']);
    expect(fields.email.inputFields).toEqual([
      {
        namespace: 'bigquery',
        name: 'my-project.features.customer__orders',
        field: 'mail_address',
        transformations: [{ type: 'DIRECT', subtype: 'IDENTITY' }],
      },
    ]);
    // The registry no longer has `gone`: it is a column of a feature, and not one of the labels.
    const [made] = (await endOf('TRAINING_SET')).outputs;
    expect(Object.keys((made!.facets.columnLineage as any).fields)).toEqual(['customer', 'at', 'total']);
  });

  it('say how a job ended: COMPLETE, FAIL or ABORT', async () => {
    const typeOf = async (state: JobRecord['state']) => (await endOf('MONITOR_RUN', { state })).eventType;
    expect(await Promise.all((['SUCCEEDED', 'PARTIALLY_SUCCEEDED'] as const).map(typeOf))).toEqual([
      'COMPLETE',
      'COMPLETE',
    ]);
    expect(await Promise.all((['FAILED', 'EXPIRED', 'CANCELLED'] as const).map(typeOf))).toEqual([
      'FAIL',
      'FAIL',
      'ABORT',
    ]);
    expect(await runEvents().start({ ...jobOf('MONITOR_RUN'), startedAt: null })).toMatchObject({
      eventType: 'START',
      eventTime: '1970-01-01T00:00:00Z',
    });
  });

  it('have no message of a failed job, because it can quote a value', async () => {
    const text = JSON.stringify(await endOf('BACKTEST'));
    expect(text).not.toContain('secret-customer');
    expect(text).toContain('MODEL_UNAVAILABLE: ');
  });

  it('are of the same job for the same features and labels, whatever moments and entities a request has', () => {
    const job = jobOf('TRAINING_SET');
    const spec = job.spec as { labels: object; joins: readonly object[] };
    const nameWith = (changes: object) => toLineageJob({ ...job, spec: { ...spec, ...changes } }).name;
    const generated = (from: bigint, entityIds: readonly string[]) => ({
      labels: {
        kind: 'GENERATED',
        entityIds,
        times: { kind: 'EVENTS', feature: 'visits', from, until: 9n },
        timeColumn: 'at',
      },
    });
    expect(nameWith(generated(0n, ['a']))).toBe(nameWith(generated(1n, ['b'])));
    expect(nameWith(generated(0n, ['a']))).not.toBe(nameWith({}));
    expect(nameWith({ joins: [{ ...spec.joins[0], features: ['total'] }] })).not.toBe(nameWith({}));
  });

  it('go without columns where they would be too long, and not at all where even that is', async () => {
    const event = await endOf('FEATURE_VIEW_SYNC');
    const short = JSON.parse(writeEvent(event, JSON.stringify(event).length - 1)!);
    expect(Object.keys(short.outputs[0].facets)).toEqual(['dataSource']);
    expect(runEventFaults(short)).toEqual([]);
    expect(writeEvent(event, 100)).toBeNull();
  });
});
