import run from '../../batch-prediction/models/onnx/session-worker.ts';
import type { SessionAnswer, SessionTask } from '../../batch-prediction/models/onnx/session-task.ts';

/** The worker of the gateway, but 666 is more than it can bear: its thread ends. */
export default async function runOrCrash(task: SessionTask): Promise<SessionAnswer> {
  if (task.kind === 'run' && task.runs[0]?.[0]?.data[0] === 666) process.exit(1);
  return run(task);
}
