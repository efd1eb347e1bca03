// How many datagrams arrive in a second, over loopback, from a sender on one core that sends as
// many as it can to a receiver on another. What the receiver has no time for is dropped by the
// system, as always with UDP, and does not count.
//
// The clock runs from the first datagram to the last, so start-up is left out.
import { once } from 'node:events';
import { pinned, twoCores } from './cores.mjs';
import { start, within } from './processes.mjs';
import { compare, printComparison, printHeading } from './stats.mjs';

const DATAGRAM_BYTES = 64;

function output(child) {
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  return { text: () => text, closed: once(child, 'close') };
}

/** Datagrams per second. */
async function deliver(pair, mode, { cores, seconds }) {
  const stdio = ['ignore', 'pipe', 'pipe'];
  const words = [mode, String(DATAGRAM_BYTES)];
  const receiver = start(pinned(cores.server, [...pair.receiver, ...words]), stdio);
  const received = output(receiver);
  await within(10_000, pair.name, once(receiver.stdout, 'data'));
  const port = received.text().trim();
  const sender = start(
    pinned(cores.generator, [...pair.sender, ...words, port, String(seconds)]),
    stdio,
  );
  const sent = output(sender);
  const ends = Promise.all([sender.ended, receiver.ended, sent.closed, received.closed]);
  const [{ code }, { code: other }] = await within(20_000 + seconds * 1000, pair.name, ends);
  if (code !== 0 || other !== 0) {
    throw new Error(`${pair.name}: ${sender.complaints()} ${receiver.complaints()}`);
  }
  const { count, seconds: took } = JSON.parse(received.text().trim().split('\n')[1]);
  return { rate: count / took, delivered: count / JSON.parse(sent.text()).count };
}

export async function run({ subject, peers, quick, rounds }) {
  const cores = twoCores('datagrams');
  const context = { cores, seconds: quick ? 1 : 3 };
  console.log(
    `Datagrams: ${DATAGRAM_BYTES} bytes each, for ${context.seconds} s; receiver on core ` +
      `${cores.server}, sender on core ${cores.generator};\n` +
      `medians of ${rounds} rounds, the two of each row in turn`,
  );
  for (const { name, buffers } of [subject, ...peers]) console.log(`  ${name}: ${buffers}`);
  printHeading('subject', '1/s');
  const results = [];
  for (const peer of peers) {
    for (const mode of ['plain', 'segments']) {
      const figures = [];
      const shares = { subject: [], peer: [] };
      for (let round = 0; round < rounds; round++) {
        const ours = await deliver(subject, mode, context);
        const theirs = await deliver(peer, 'plain', context);
        figures.push({ subject: ours.rate, peer: theirs.rate });
        shares.subject.push(ours.delivered);
        shares.peer.push(theirs.delivered);
      }
      const result = compare(figures);
      const name = mode === 'plain' ? peer.name : `${peer.name}; UDP_SEGMENT, UDP_GRO`;
      printComparison({ ...peer, name }, result, 0);
      const percent = (list) => `${Math.round(100 * Math.min(...list))} %`;
      console.log(
        `    of what was sent arrived at least ${percent(shares.subject)}, ` +
          `of the peer's ${percent(shares.peer)}`,
      );
      results.push({ peer: name, mode, must: peer.must, aim: peer.aim, ...result, shares });
    }
  }
  const buffers = Object.fromEntries([subject, ...peers].map((one) => [one.name, one.buffers]));
  return { subject: subject.name, unit: 'datagrams/s', cores, buffers, results };
}
