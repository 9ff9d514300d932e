import { Presets, SingleBar } from 'cli-progress';
import type { PrepareProgress } from '../ingestion/prepare.js';
import type { Logger } from '../observability/logger.js';

const STEPS = 1000;

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
      format: ' {bar} {percentage}% | {duration_formatted} | {step}',
      stream: process.stderr,
      hideCursor: true,
      fps: 10,
    },
    Presets.shades_classic,
  );
  let isShown = false;
  return {
    show: ({ step, share }) => {
      if (!isShown) single.start(STEPS, 0, { step });
      isShown = true;
      single.update(Math.round(share * STEPS), { step });
    },
    end: () => {
      if (!isShown) return;
      single.update(STEPS, { step: 'done' });
      single.stop();
    },
  };
}

function lines(logger: Logger): ProgressDisplay {
  let last = '';
  return {
    show: ({ step, share }) => {
      if (step === last) return;
      last = step;
      logger.info({ percent: Math.round(share * 100) }, `preparing: ${step}`);
    },
    end: () => undefined,
  };
}
