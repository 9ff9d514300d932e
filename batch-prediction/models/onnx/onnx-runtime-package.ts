import type { Diagnosis, Finding } from '../../../datasources/diagnosis.js';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import { OperatorError } from '../../../errors/operator-error.js';

/**
 * The version in package.json. The package is an optional dependency: its install script needs the internet, and npm
 * omits the package when the script fails.
 */
const ONNX_RUNTIME_PACKAGE = 'onnxruntime-node@1.30.0';

/**
 * Rejects a registry with ONNX models when ONNX Runtime cannot be loaded, before anything is computed for the registry.
 */
export async function requireOnnxRuntime(models: readonly Model[]): Promise<void> {
  const names = namesOfOnnxModels(models);
  if (names.length === 0) return;
  const fault = await loadFault();
  if (fault) throw new OperatorError(`${modelsNeed(names)}, ${fault.message}:`, [fault.remedy]);
}

/** Returns the same check as a finding for `doctor`; empty for a registry without ONNX models. */
export function diagnoseOnnxRuntime(models: readonly Model[]): Diagnosis[] {
  const names = namesOfOnnxModels(models);
  return names.length === 0 ? [] : [{ store: 'ONNX models', findings: findingOf(names) }];
}

async function* findingOf(names: readonly string[]): AsyncGenerator<Finding> {
  const fault = await loadFault();
  yield fault
    ? { status: 'fault', message: `${modelsNeed(names)}, ${fault.message}`, remedy: fault.remedy }
    : { status: 'ok', message: `ONNX Runtime is installed and can be loaded, for ${names.join(', ')}` };
}

function namesOfOnnxModels(models: readonly Model[]): string[] {
  return models.filter(({ runtime }) => runtime === 'ONNX').map(({ name }) => `"${name}"`);
}

function modelsNeed(names: readonly string[]): string {
  return names.length === 1
    ? `The model ${names.join()} is an ONNX file and needs the package onnxruntime-node`
    : `The models ${names.join(', ')} are ONNX files and need the package onnxruntime-node`;
}

async function loadFault(): Promise<{ readonly message: string; readonly remedy: string } | undefined> {
  try {
    await import('onnxruntime-node');
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND') {
      return {
        message: 'which is not installed',
        remedy: `run "ONNXRUNTIME_NODE_INSTALL=skip npm install ${ONNX_RUNTIME_PACKAGE}" where featuregraph is installed`,
      };
    }
    return {
      message: `which cannot be loaded on ${process.platform} ${process.arch}`,
      remedy: `use a machine that ONNX Runtime has a build for, such as Linux with glibc: ${message.split('\n')[0]!}`,
    };
  }
}
