import { once } from 'node:events';
import { connect } from 'node:net';

/** The least there can be: GETs of one tick in one write, and a parser that knows strings. Not for production. */
export async function bareSocket(port) {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  const waiting = [];
  let next = 0;
  let rest = Buffer.alloc(0);
  let commands = '';
  const flush = () => {
    socket.write(commands);
    commands = '';
  };
  socket.on('data', (data) => {
    const chunk = rest.length === 0 ? data : Buffer.concat([rest, data]);
    let at = 0;
    while (at < chunk.length) {
      const line = chunk.indexOf(10, at) + 1;
      const end = line + Number.parseInt(chunk.latin1Slice(at + 1, line), 10) + 2;
      if (line === 0 || end > chunk.length) break;
      const resolve = waiting[next];
      waiting[next++] = undefined;
      resolve(chunk.latin1Slice(line, end - 2));
      at = end;
    }
    rest = chunk.subarray(at);
    if (next > 10_000) {
      waiting.splice(0, next);
      next = 0;
    }
  });
  return {
    get: (key) =>
      new Promise((resolve) => {
        if (commands === '') process.nextTick(flush);
        commands += `*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`;
        waiting.push(resolve);
      }),
  };
}
