// How many messages come back from an echo server in a second, over 1 connection and over 50: the
// server on one core and the load generator (c/round-trips.c) on another. Both servers of a row live
// through all its rounds and are loaded in turn.
import { once } from 'node:events';
import { pinned, twoCores } from './cores.mjs';
import { freePort, listening, start, stop, within } from './processes.mjs';
import { compare, printComparison, printHeading } from './stats.mjs';

const MESSAGE_BYTES = 64;
const CONNECTIONS = [1, 50];

async function launch(contestant, { cores, generator }) {
  const port = await freePort();
  const server = start(pinned(cores.server, contestant.server(port)), ['ignore', 'ignore', 'pipe']);
  await listening(port, server, contestant.name);
  const load = async (connections, seconds) => {
    const words = ['127.0.0.1', port, connections, MESSAGE_BYTES, seconds].map(String);
    const client = start(pinned(cores.generator, [generator, ...words]), [
      'ignore',
      'pipe',
      'pipe',
    ]);
    let text = '';
    client.stdout.on('data', (chunk) => (text += chunk));
    const closed = once(client, 'close');
    const { code } = await within(60_000, contestant.name, client.ended);
    await closed;
    if (code !== 0) throw new Error(`the load on ${contestant.name}: ${client.complaints()}`);
    return JSON.parse(text).roundTripsPerSecond;
  };
  return { load, end: () => within(10_000, `the end of ${contestant.name}`, stop(server)) };
}

async function compareWith(peer, connections, { subject, rounds, seconds, ...context }) {
  const ours = await launch(subject, context);
  const theirs = await launch(peer, context);
  // Until what is compiled as it runs has been compiled.
  await ours.load(connections, seconds);
  await theirs.load(connections, seconds);
  const figures = [];
  for (let round = 0; round < rounds; round++) {
    figures.push({
      subject: await ours.load(connections, seconds),
      peer: await theirs.load(connections, seconds),
    });
  }
  await ours.end();
  await theirs.end();
  return compare(figures);
}

export async function run({ subject, peers, programs, quick, rounds }) {
  const cores = twoCores('round-trips');
  const seconds = quick ? 1 : 3;
  console.log(
    `Round trips: ${MESSAGE_BYTES} bytes to an echo server and back, for ${seconds} s; ` +
      `server on core ${cores.server}, generator on core ${cores.generator};\n` +
      `medians of ${rounds} rounds, the two of each row in turn`,
  );
  for (const { name, buffers } of [subject, ...peers]) console.log(`  ${name}: ${buffers}`);
  printHeading('subject', '1/s');
  const results = [];
  const context = { subject, rounds, seconds, cores, generator: programs.roundTrips };
  for (const peer of peers) {
    for (const connections of CONNECTIONS) {
      const result = await compareWith(peer, connections, context);
      const row = { ...peer, name: `${peer.name}, ${connections} at once` };
      printComparison(row, result, 0);
      results.push({ peer: row.name, connections, must: peer.must, aim: peer.aim, ...result });
    }
  }
  const buffers = Object.fromEntries([subject, ...peers].map((one) => [one.name, one.buffers]));
  return { subject: subject.name, unit: 'round trips/s', cores, buffers, results };
}
