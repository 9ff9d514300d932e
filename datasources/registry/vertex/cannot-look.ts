import { OperatorError } from '../../../errors/operator-error.js';
import { failedLook } from '../../google/vertex/failed-look.js';

/** Sees feature groups, features, online stores and views, and reads values. */
const READER = 'roles/aiplatform.featurestoreDataViewer';

/** What to do when Vertex AI does not answer for `what`, which is in `project`: there the role is needed. */
export function cannotLook(what: string, project: string, error: unknown): OperatorError {
  const look = failedLook(what, `${READER} on project ${project}`, error);
  const words = error instanceof Error ? error.message : String(error);
  const details = [
    ...(look.todo === undefined ? [] : [look.todo]),
    ...(look.what.includes(words) ? [] : [`Vertex AI says: ${words}`]),
  ];
  return new OperatorError(`Reading Vertex AI failed: ${look.what.replace(/\.+$/, '')}.`, details, { cause: error });
}
