import { onTestFinished } from 'vitest';
import { openLab, type BatchPredictionLab, type LabOptions } from './batch-prediction-lab.js';

/** A lab that ends with the test. */
export async function openTestLab(options: LabOptions): Promise<BatchPredictionLab> {
  const lab = await openLab(options);
  onTestFinished(() => lab.stop());
  return lab;
}
