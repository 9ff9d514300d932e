import type { Readable } from 'node:stream';

/**
 * The lines of a file as it arrives, without empty ones. The stream is let go of as soon as nobody reads on: readline would
 * leave the rest of a download of gigabytes under way.
 */
export async function* readLines(stream: Readable): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line.trim() !== '') yield line;
  }
  const last = rest + decoder.decode();
  if (last.trim() !== '') yield last;
}
