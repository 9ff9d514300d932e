import { Presets, SingleBar } from 'cli-progress';
import type { PrepareProgress } from '../ingestion/prepare.js';
import type { Logger } from '../observability/logger.js';

const STEPS = 1000;
/** A long step has a line of the log this often. */
const DETAIL_INTERVAL_MS = 10_000;

export interface ProgressDisplay {
  readonly show: (progress: PrepareProgress) => void;
  readonly end: () => void;
}

/** A progress bar in a terminal, log lines otherwise. */
export function progressDisplay(logger: Logger): ProgressDisplay {
  return process.stderr.isTTY ? bar() : lines(logger);
}

function bar(): ProgressDisplay {
  const single = new SingleBar(
    {
      format: ' {bar} {percentage}% | {duration_formatted} | {step}{detail}',
      stream: process.stderr,
      hideCursor: true,
      fps: 10,
    },
    Presets.shades_classic,
  );
  let isShown = false;
  return {
    show: ({ step, share, detail }) => {
      const texts = { step, detail: detail === undefined ? '' : `, ${detail}` };
      if (!isShown) single.start(STEPS, 0, texts);
      isShown = true;
      single.update(Math.round(share * STEPS), texts);
    },
    end: () => {
      if (!isShown) return;
      single.update(STEPS, { step: 'done', detail: '' });
      single.stop();
    },
  };
}

function lines(logger: Logger): ProgressDisplay {
  let last = '';
  let logged = 0;
  return {
    show: ({ step, share, detail }) => {
      const now = performance.now();
      if (step === last && (detail === undefined || now - logged < DETAIL_INTERVAL_MS)) return;
      last = step;
      logged = now;
      const text = detail === undefined ? step : `${step}, ${detail}`;
      logger.info({ percent: Math.round(share * 100) }, `preparing: ${text}`);
    },
    end: () => undefined,
  };
}
