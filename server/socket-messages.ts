import type { WebSocket } from 'ws';
import type { ArrivingBodies } from '../limits/arriving-bodies.js';

export interface SocketMessagesOptions {
  readonly bodies: ArrivingBodies;
  /** Who shares a place in a fair order now: it changes when the socket has said who asks. */
  readonly owner: () => string;
  readonly handle: (text: string) => void;
  /** Too many bytes wait to be read. */
  readonly onOverload: () => void;
}

/**
 * Passes the messages of a socket on in their order. A large one waits for a turn of the event loop of its own, as the body of
 * a request does, and the socket is not read meanwhile.
 */
export function socketMessages(
  socket: Pick<WebSocket, 'pause' | 'resume'>,
  { bodies, owner, handle, onOverload }: SocketMessagesOptions,
): (data: Buffer) => void {
  let last: Promise<void> | undefined;
  return (data) => {
    const body = bodies.open(owner());
    try {
      body.take(data.length);
    } catch {
      onOverload();
      return;
    }
    const turn = body.turn();
    if (!turn && !last) {
      body.close();
      handle(data.toString());
      return;
    }
    socket.pause();
    // Messages that were in the buffer of the socket still come.
    const mine: Promise<void> = Promise.all([last, turn]).then(() => {
      body.close();
      if (last === mine) {
        last = undefined;
        socket.resume();
      }
      handle(data.toString());
    });
    last = mine;
  };
}
