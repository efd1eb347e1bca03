// Many large clients at once, and one that has the floor and says nothing.
import { Client } from './clients.js';
import { MessageReader, numberedMessage } from './messages.js';
import { eventually } from './proc.js';
import { sockserve } from './run.js';

const HALF = 2 * 2 ** 20;

/**
 * A client with half a message above the hold stays silent while others send more than memory and
 * spool hold together. All of it must come out: the silent one's in two parts, theirs whole.
 */
export async function holderBesideLargeClients({
  clients = 0,
  bytes = 0,
  stall = '1s',
}): Promise<void> {
  const options = ['--spool', '8M', '--stall', stall, '--backlog', '128'];
  const { server, port } = await sockserve(options);
  const reader = new MessageReader();
  server.child.stdout?.removeAllListeners('data').on('data', (chunk: Buffer) => {
    reader.push(chunk);
  });
  // What is printed of the silent client before the split is a numbered message in itself.
  const silent = await Client.connect(port);
  await silent.write(numberedMessage(0, HALF));
  await eventually('it has the floor', () => reader.numbers.length === 1, server);

  const numbers = Array.from({ length: clients }, (_, index) => index + 1);
  const ends = await Promise.all(
    numbers.map(async (number) => {
      const client = await Client.connect(port);
      await client.write(numberedMessage(number, bytes));
      return client.end();
    }),
  );
  expect(new Set(ends)).toEqual(new Set(['end']));

  await silent.write(numberedMessage(clients + 1, 1000));
  expect(await silent.end()).toBe('end');
  const { signal, stderr } = await server.kill();
  expect(signal).toBe('SIGTERM');
  expect(reader.problem).toBeNull();
  expect(reader.betweenMessages).toBe(true);
  expect(reader.numbers[0]).toBe(0);
  expect(reader.numbers.at(-1)).toBe(clients + 1);
  expect([...reader.numbers].sort((a, b) => a - b)).toEqual([0, ...numbers, clients + 1]);
  expect(stderr.match(/split at byte/g)).toHaveLength(1);
  expect(stderr).toContain(`127.0.0.1:${silent.port}: split at byte ${HALF + 16}, `);
  expect(stderr).toMatch(/the spool is full \(\d+ bytes\)/);
}
