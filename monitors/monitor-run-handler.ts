import { scanTerms } from '../costs/scan-terms.js';
import type { ScanWork } from '../datasources/job-store/job-cost.js';
import { isTerminalState } from '../datasources/job-store/job-state.js';
import type { JobProgress } from '../datasources/job-store/job-record.js';
import type { JobStore } from '../datasources/job-store/job-store.js';
import type { Monitor } from '../datasources/registry/model.js';
import { getMonitor, type Registry } from '../datasources/registry/registry.js';
import { badInput } from '../errors/app-error.js';
import { stopReason, type JobControl, type JobHandler, type JobOutcome, type JobPlan } from '../jobs/job-handler.js';
import { pause } from '../runtime/pause.js';
import { retryOnOutage } from '../runtime/retry-on-outage.js';
import type { FeatureStores } from '../serving/feature-stores.js';
import type { SkewComparison } from '../statistics/served-skew/skew-comparison.js';
import type { Clock } from '../values/clock.js';
import type { Instant } from '../values/instant.js';
import { decideAlert, toAlertBody } from './alert.js';
import { measureFeature, measureSilence, readsHistory, toRanges, toRead, type MonitorRanges } from './measure.js';
import { measureSkew, toSkewRequest } from './measure-skew.js';
import { LOCAL_MONITOR_RUN, monitorTarget } from './monitor-run-job.js';
import {
  isCurrentRun,
  isMonitorRun,
  MONITOR_RUN,
  type MonitorAlert,
  type MonitorCheck,
  type MonitorRunRecord,
  type MonitorRunResult,
  type MonitorRunSpec,
  type StartMonitorRun,
} from './monitors.js';
import type { Webhook } from './webhook.js';

export interface MonitorRunOptions {
  readonly registry: Registry;
  readonly stores: Pick<FeatureStores, 'offline'>;
  readonly servedSkew: Pick<SkewComparison, 'hasLog' | 'work' | 'compare'>;
  readonly jobs: Pick<JobStore, 'list'>;
  readonly webhook: Webhook;
  readonly clock: Clock;
  /** The server did not take an alert. The reason is for the log: it names the server. */
  readonly onUndelivered: (error: unknown, monitor: Monitor) => void;
}

/** Runs of a monitor for a past moment do not alert; the last one that did is looked for among these. */
const MAX_LOOKED_AT = 1_000;
/** The pause between two looks at the runs that began before. */
const LOOK_MS = 250;
/** Longer than a server of a webhook is waited for, so the earlier run alerts. It may also have no process that runs it. */
const MAX_LOOKS = 480;

/** Checks the features of a monitor one after another, and sends an alert when a finding began or ended. */
export class MonitorRunHandler implements JobHandler<
  StartMonitorRun,
  MonitorRunSpec,
  MonitorRunResult,
  MonitorRunResult
> {
  readonly type = LOCAL_MONITOR_RUN;
  constructor(private readonly options: MonitorRunOptions) {}

  async plan({ monitor, at, labels, trigger }: StartMonitorRun): Promise<JobPlan<MonitorRunSpec>> {
    if (at !== null && at > this.options.clock()) throw badInput('"at" is in the future.', 'at');
    if (monitor.checks.servedSkew !== null && !this.options.servedSkew.hasLog) {
      throw badInput(
        'The monitor checks served values, and this gateway keeps no log of them. Set FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE.',
        'monitor',
      );
    }
    return {
      displayName: null,
      labels,
      spec: { featurestore: monitor.entityType.featurestore.name, monitor: monitor.name, at, trigger },
      target: monitorTarget(monitor),
      work: () => this.work({ monitor, at }),
    };
  }

  async work({ monitor, at }: Pick<StartMonitorRun, 'monitor' | 'at'>): Promise<ScanWork> {
    const { featurestore } = monitor.entityType;
    const store = this.options.stores.offline(featurestore);
    const ranges = toRanges(monitor, at ?? this.options.clock());
    const skew = toSkewRequest(monitor, ranges);
    const ofSkew = skew && (await this.options.servedSkew.work(skew));
    let [bytes, billedBytes] = [ofSkew?.bytes ?? 0n, ofSkew?.billedBytes ?? 0n];
    for (const feature of readsHistory(monitor) ? monitor.features : []) {
      const { scanned, billed } = await store.estimateStatisticsScan(toRead(monitor, feature, ranges));
      bytes += scanned;
      billedBytes += billed;
    }
    return { kind: 'SCAN', bytes, billedBytes, ...scanTerms([featurestore]) };
  }

  async run(job: MonitorRunRecord, control: JobControl<MonitorRunResult>): Promise<JobOutcome<MonitorRunResult>> {
    const { registry } = this.options;
    const monitor = getMonitor(registry.featurestore(job.spec.featurestore), job.spec.monitor);
    const total = BigInt(monitor.features.length);
    await control.running(total);
    const progress = (completed: bigint): JobProgress => ({ completed, failed: 0n, total });
    let completed = 0n;
    try {
      let measured = job.checkpoint;
      if (!measured) {
        const ranges = toRanges(monitor, job.spec.at ?? job.createdAt);
        const checks = await this.#measure(monitor, ranges, control, () => control.report(progress((completed += 1n))));
        measured = { ...ranges, checks, alert: null };
        await control.checkpoint(measured, progress(total));
      }
      const { checks } = measured;
      const alert = measured.alert ?? (await this.#alert(monitor, job, checks, control));
      return { state: 'SUCCEEDED', result: { ...measured, alert }, progress: progress(total) };
    } catch (error) {
      if (stopReason(control.signal) !== 'cancel') throw error;
      return { state: 'CANCELLED', result: null, progress: progress(completed) };
    }
  }

  async #measure(
    monitor: Monitor,
    ranges: MonitorRanges,
    { signal, payer }: JobControl,
    onFeature: () => void,
  ): Promise<MonitorCheck[]> {
    const store = this.options.stores.offline(monitor.entityType.featurestore);
    const checks: MonitorCheck[] = [];
    const newest = new Map<string, Instant | null>();
    for (const feature of monitor.features) {
      if (!readsHistory(monitor)) break;
      signal.throwIfAborted();
      const read = toRead(monitor, feature, ranges);
      const found = await retryOnOutage(signal, () => measureFeature(monitor, read, store, { payer, signal }));
      checks.push(...found.checks);
      // All features of a source have the same rows.
      newest.set(feature.source.name, found.newest);
      onFeature();
    }
    const skew = toSkewRequest(monitor, ranges);
    if (skew) {
      const { servedSkew } = this.options;
      checks.push(...(await retryOnOutage(signal, () => measureSkew(monitor, skew, servedSkew, { payer, signal }))));
    }
    const { maxSilence } = monitor.checks;
    if (maxSilence === null) return checks;
    return [...checks, ...Array.from(newest, ([source, time]) => measureSilence(source, time, maxSilence, ranges))];
  }

  async #alert(
    monitor: Monitor,
    job: MonitorRunRecord,
    checks: readonly MonitorCheck[],
    { signal }: JobControl,
  ): Promise<MonitorAlert> {
    const { webhook: place } = monitor;
    if (place === null || !isCurrentRun(job)) return { state: 'NONE', told: [] };
    const change = decideAlert(checks, await this.#told(monitor, job, signal));
    if (!change.isChanged) return { state: 'UNCHANGED', told: change.told };
    try {
      await this.options.webhook.send(place, toAlertBody(monitor, job, checks, change), signal);
      return { state: 'SENT', told: change.toldAfter };
    } catch (error) {
      signal.throwIfAborted();
      this.options.onUndelivered(error, monitor);
      return { state: 'FAILED', told: change.told };
    }
  }

  /**
   * What the server was told of, by the record of the last run before this one that could alert. It waits until the runs
   * before this one have ended, in whichever gateway: two at a time would both find that nothing was sent.
   */
  async #told(monitor: Monitor, { id }: MonitorRunRecord, signal: AbortSignal): Promise<readonly string[]> {
    const filter = { kinds: [MONITOR_RUN], target: monitorTarget(monitor) };
    for (let look = 0; ; look += 1) {
      const earlier = await this.options.jobs.list({ filter, before: id, limit: MAX_LOOKED_AT });
      const runs = earlier.filter(isMonitorRun).filter(isCurrentRun);
      if (look === MAX_LOOKS || runs.every(({ state }) => isTerminalState(state))) {
        return runs.find(({ state }) => state === 'SUCCEEDED')?.result?.alert?.told ?? [];
      }
      await pause(LOOK_MS, signal);
      signal.throwIfAborted();
    }
  }
}
