import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { QUANTUM_BYTES } from '../../../support/google/cloud-storage/upload-session.js';
import { BUCKET, openSharedFolder, ROOT } from '../../../support/google/shared-files.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const CHUNK = 4 * QUANTUM_BYTES;
const ADDRESS = `${ROOT}/set.parquet`;
const NAME = 'team/set.parquet';
const WRITE = { owner: 'job-1', checksum: 'sha256:1', replaces: null };

async function openUpload(bytes = 3 * CHUNK + 12_345) {
  const { server, open } = await openSharedFolder();
  const content = randomBytes(bytes);
  const path = join(temporaryFolder(), 'set.parquet');
  writeFileSync(path, content);
  const files = open({ resumableBytes: CHUNK, chunkBytes: CHUNK });
  /** Where each chunk began that the server got. */
  const begun: number[] = [];
  const breaks: (number | 'ANSWER')[] = [];
  return {
    server,
    files,
    content,
    begun,
    write: () => files.write(path, ADDRESS, WRITE),
    /** The first request for a chunk that begins at a key breaks, once. */
    breakAt: (faults: ReadonlyMap<number, number | 'ANSWER'>) => {
      const left = new Map(faults);
      server.uploads.onChunk = (_name, first) => {
        begun.push(first);
        const fault = left.get(first) ?? null;
        left.delete(first);
        if (fault !== null) breaks.push(fault);
        return fault;
      };
    },
    breaks,
  };
}

describe('a large upload to Cloud Storage', () => {
  it.each([
    ['in the middle of a chunk', CHUNK, 2 * QUANTUM_BYTES + 999, 2 * QUANTUM_BYTES],
    ['before the first bytes', 0, 0, 0],
    ['in the last chunk', 3 * CHUNK, 0, 0],
    ['after a chunk, before its answer', CHUNK, 'ANSWER', CHUNK],
  ] as const)('goes on where the connection broke %s, and is exact', async (_where, first, fault, kept) => {
    const upload = await openUpload();
    upload.breakAt(new Map([[first, fault]]));
    expect(await upload.write()).toMatchObject({ bytes: BigInt(upload.content.length), owner: 'job-1' });
    const { server, content, begun } = upload;
    expect(server.contents.read(NAME)!.bytes.equals(content)).toBe(true);
    expect(upload.breaks).toEqual([fault]);
    expect(begun[begun.lastIndexOf(first) + (kept === 0 ? 0 : 1)]).toBe(first + kept);
    expect(server.uploads.sessions.size).toBe(1);
    expect(server.uploads.all).toEqual([{ name: NAME, type: 'resumable', isStored: true }]);
  });

  it('whose last answer is lost can be repeated, and is found to be there', async () => {
    const upload = await openUpload();
    upload.breakAt(new Map([[3 * CHUNK, 'ANSWER']]));
    await expect(upload.write()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await upload.write()).toBeUndefined();
    expect(await upload.files.find(ADDRESS)).toMatchObject({ owner: 'job-1', checksum: 'sha256:1' });
    expect(upload.server.contents.read(NAME)!.bytes.equals(upload.content)).toBe(true);
  });

  it('whose connection always breaks is STORE_UNAVAILABLE, and leaves nothing', async () => {
    const upload = await openUpload();
    upload.server.uploads.onChunk = () => 0;
    await expect(upload.write()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await upload.files.find(ADDRESS)).toBeUndefined();
  });

  it('never replaces what was written meanwhile', async () => {
    const upload = await openUpload();
    upload.server.uploads.onChunk = () => {
      upload.server.objects.set(NAME, 'another');
      return null;
    };
    expect(await upload.write()).toBeUndefined();
    expect(upload.server.objects.get(NAME)).toBe('another');
  });

  it('below the bound is one request', async () => {
    const upload = await openUpload(CHUNK - 1);
    await upload.write();
    expect(upload.server.uploads.all).toEqual([{ name: NAME, type: 'multipart', isStored: true }]);
  });
});

describe('the test server of resumable uploads', () => {
  it.each([
    ['a chunk that is no multiple of 256 KiB', `bytes 0-999/5000`, 1000],
    ['a chunk that leaves a gap', `bytes ${QUANTUM_BYTES}-${2 * QUANTUM_BYTES - 1}/*`, QUANTUM_BYTES],
    ['a range of another length than the bytes', `bytes 0-${QUANTUM_BYTES - 1}/*`, 10],
    ['a range that ends after the whole', 'bytes 0-999/500', 1000],
    ['a text that is no range', 'bytes 0-999', 1000],
    ['a question with bytes', 'bytes */*', 5],
  ])('refuses %s', async (_what, range, length) => {
    const { server } = await openSharedFolder();
    const begun = await fetch(`${server.apiEndpoint}/upload/storage/v1/b/${BUCKET}/o?uploadType=resumable&name=a`, {
      method: 'POST',
    });
    const headers = { 'content-range': range };
    const answer = await fetch(begun.headers.get('location')!, { method: 'PUT', headers, body: Buffer.alloc(length) });
    expect(answer.status).toBe(400);
    const asked = await fetch(begun.headers.get('location')!, {
      method: 'PUT',
      headers: { 'content-range': 'bytes */*' },
    });
    expect([asked.status, asked.headers.get('range')]).toEqual([308, null]);
  });

  it('knows no upload of another name', async () => {
    const { server } = await openSharedFolder();
    const url = `${server.apiEndpoint}/upload/storage/v1/b/${BUCKET}/o?uploadType=resumable&upload_id=no`;
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(404);
  });
});
