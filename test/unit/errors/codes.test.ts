import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloseCode } from 'graphql-ws';
import { describe, expect, it } from 'vitest';
import type { PredictionFailureRow } from '../../../batch-prediction/batch-predictions.js';
import type { PredictionFailure } from '../../../batch-prediction/models/model-serving.js';
import type { JobError } from '../../../datasources/job-store/job-record.js';
import { AppError } from '../../../errors/app-error.js';
import { CLOSE_CODES } from '../../../errors/close-codes.js';
import { ERROR_CODES } from '../../../errors/error-codes.js';
import { INSTANCE_ERROR_CODES, toInstanceErrorCode } from '../../../errors/instance-error-codes.js';
import { JOB_ERROR_CODES } from '../../../errors/job-error-codes.js';
import { JobFailure } from '../../../jobs/job-failure.js';

const root = join(import.meta.dirname, '../../..');

describe('the codes that clients see', () => {
  it('are those of the tables, or the project does not compile', () => {
    // `npm run types` fails when one of these is no error any more.
    // @ts-expect-error -- no such code
    const ofRequest = new AppError('NO_SUCH_CODE', '');
    // @ts-expect-error -- no such code
    const ofJob = new JobFailure('NO_SUCH_CODE', '');
    // @ts-expect-error -- no such code
    const stored: JobError = { code: 'NO_SUCH_CODE', message: '' };
    // @ts-expect-error -- no such code
    const ofInstance: PredictionFailure = { kind: 'failure', code: 'NO_SUCH_CODE', message: '' };
    // @ts-expect-error -- no such code
    const ofRow: PredictionFailureRow['code'] = 'NO_SUCH_CODE';
    expect([ofRequest.code, ofJob.code, stored.code, ofInstance.code, ofRow]).toHaveLength(5);
  });

  it('are those of the table also in errors of GraphQL, whose extensions have no type', () => {
    const files = execFileSync('git', ['ls-files', '*.ts'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
    const sources = files.filter((file) => !/^(test|bench|examples)\//.test(file));
    const codes = sources.flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/extensions: \{\s*code: '(\w+)'/g)].map(([, code]) => code!),
    );
    expect(codes).toContain('OPERATION_RESOLUTION_FAILURE');
    for (const code of codes) expect(Object.keys(ERROR_CODES)).toContain(code);
  });

  it('have one meaning each: no two tables share a code', () => {
    const codes = [ERROR_CODES, JOB_ERROR_CODES, INSTANCE_ERROR_CODES].flatMap(Object.keys);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('are numbers of google.rpc.Status, or UNKNOWN, for what Vertex AI says of an instance', () => {
    expect([0, 3, '7', 16].map(toInstanceErrorCode)).toEqual(['0', '3', '7', '16']);
    expect([17, -1, 1.5, null, undefined, 'INVALID_INPUT', ''].map(toInstanceErrorCode)).toEqual(
      Array(7).fill('UNKNOWN'),
    );
  });

  it('name every reason for which the protocol of WebSockets lets a server close one', () => {
    // Said by clients alone, or after an authentication, which there is not yet.
    const others = [
      CloseCode.InternalClientError,
      CloseCode.BadResponse,
      CloseCode.ConnectionAcknowledgementTimeout,
      CloseCode.Forbidden,
    ];
    const ofServer = Object.values(CloseCode).filter(
      (code): code is CloseCode => typeof code === 'number' && !others.includes(code),
    );
    expect(ofServer).not.toEqual([]);
    for (const code of ofServer) expect(Object.keys(CLOSE_CODES)).toContain(String(code));
  });
});
