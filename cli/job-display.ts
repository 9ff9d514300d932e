import { Presets, SingleBar } from 'cli-progress';
import type { JobSnapshot } from './gateway-client.js';

export interface JobDisplay {
  readonly show: (job: JobSnapshot) => void;
  readonly end: () => void;
}

/**
 * A progress bar in a terminal, plain lines otherwise. It writes to standard error, because programs read standard
 * output.
 */
export function jobDisplay(stream: NodeJS.WriteStream = process.stderr): JobDisplay {
  return stream.isTTY ? bar(stream) : lines(stream);
}

const BAR_STEPS = 1000;

function bar(stream: NodeJS.WriteStream): JobDisplay {
  const single = new SingleBar(
    { format: ' {bar} {percentage}% | {text}', stream, hideCursor: true, fps: 10 },
    Presets.shades_classic,
  );
  let isShown = false;
  return {
    show: (job) => {
      const text = describe(job);
      if (!isShown) single.start(BAR_STEPS, 0, { text });
      isShown = true;
      single.update(Math.round(((job.progress.percent ?? 0) / 100) * BAR_STEPS), { text });
    },
    end: () => {
      if (isShown) single.stop();
    },
  };
}

/** A line when the state changes, and about one per tenth of the work, so that the log of a long job stays short. */
function lines(stream: NodeJS.WriteStream): JobDisplay {
  let last = '';
  return {
    show: (job) => {
      const step = `${job.state} ${Math.floor((job.progress.percent ?? 0) / 10)}`;
      if (step === last) return;
      last = step;
      const percent = job.progress.percent === null ? '' : `${Math.floor(job.progress.percent)}% | `;
      stream.write(`${percent}${describe(job)}\n`);
    },
    end: () => undefined,
  };
}

/** RUNNING | 1,200 of 5,000 | 3 failed | 400 a second | 10 s left */
function describe({ state, progress }: JobSnapshot): string {
  const { completed, failed, total, ratePerSecond, remainingSeconds } = progress;
  return [
    state,
    `${grouped(completed)}${total === null ? '' : ` of ${grouped(total)}`}`,
    failed === '0' ? '' : `${grouped(failed)} failed`,
    ratePerSecond === null ? '' : `${grouped(Math.round(ratePerSecond))} a second`,
    remainingSeconds === null ? '' : `${duration(remainingSeconds)} left`,
  ]
    .filter(Boolean)
    .join(' | ');
}

function grouped(number: string | number): string {
  return BigInt(number).toLocaleString('en-US');
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
