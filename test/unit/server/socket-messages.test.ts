import { expect, it } from 'vitest';
import { ArrivingBodies } from '../../../limits/arriving-bodies.js';
import { socketMessages } from '../../../server/socket-messages.js';

const LIMITS = { largeBytes: 10, maxBytes: 40, maxBytesOfOwner: 40 };

function open() {
  const turns: (() => void)[] = [];
  const bodies = new ArrivingBodies(LIMITS, () => new Promise((resolve) => turns.push(resolve)));
  const seen: string[] = [];
  const socket = { pause: () => seen.push('pause'), resume: () => seen.push('resume') };
  const receive = socketMessages(socket, {
    bodies,
    owner: () => 'ann',
    handle: (text) => seen.push(text),
    onOverload: () => seen.push('overload'),
  });
  const turn = async (): Promise<void> => {
    turns.shift()!();
    await new Promise(setImmediate);
  };
  return { bodies, seen, turn, send: (text: string) => receive(Buffer.from(text)) };
}

it('a large message of a socket waits for its turn, the socket is not read meanwhile, and messages keep their order', async () => {
  const { bodies, seen, turn, send } = open();
  send('small');
  send('large one, which waits');
  send('after');
  expect(seen).toEqual(['small', 'pause', 'pause']);
  await turn();
  expect(seen).toEqual(['small', 'pause', 'pause', 'large one, which waits', 'resume', 'after']);
  send('again');
  expect(seen.at(-1)).toBe('again');
  expect(bodies.bytes).toBe(0);
});

it('a socket whose messages are too many bytes is told so', () => {
  const { seen, send } = open();
  send('x'.repeat(30));
  send('x'.repeat(30));
  expect(seen).toEqual(['pause', 'overload']);
});
