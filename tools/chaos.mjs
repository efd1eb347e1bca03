// npm run chaos -- [--seconds N] [--seed N] [--clients N] [--keep]: hundreds of clients of every
// kind against sockserve, whose reader pauses, whose descriptors run out, and which is ended and
// started again at random moments. What it prints is read by an oracle: every message whose peer was
// told that it arrived (sockclient's exit status 0) must be there whole, and exactly once.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { setMaxListeners } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearInterval, clearTimeout, setInterval, setTimeout } from 'node:timers';
import { parseArgs } from 'node:util';
import { say } from './run.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    clients: { type: 'string', default: '200' },
  },
});
const [seconds, seed, clientCount] = ['seconds', 'seed', 'clients'].map((name) => {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number > 0) return number;
  process.stderr.write(`chaos: --${name} '${values[name]}' is not a positive number\n`);
  return process.exit(2);
});

const { setup } = await import('./setup.mjs');
await setup({});
const { KINDS, runClient } = await import('./chaos/clients.mjs');
const { Life, OUTPUTS } = await import('./chaos/life.mjs');
const { pause, random } = await import('./chaos/random.mjs');

const STALL_MS = 5000;
/** Shorter than the stall: in a drain, a reader that takes nothing for so long is given up on. */
const LONGEST_PAUSE_MS = 1000;
const OPTIONS = [
  ...['--stall', `${STALL_MS}ms`, '--spool', '64M', '--backlog', '256', '--max-connections', '150'],
];

const folder = mkdtempSync(join(tmpdir(), 'sockkit-chaos-'));
const numbers = random(seed);
const start = performance.now();
const over = new AbortController();
setMaxListeners(0, over.signal);
let lastNumber = 0;
/** Of these kinds only so many at once: they cost much. */
const MOST_AT_ONCE = { huge: 1, sockclient: 4 };
const atOnce = { huge: 0, sockclient: 0 };
const told = new Set();
const made = {};
const acked = {};
const problems = {
  count: 0,
  push(text) {
    this.count++;
    say(`chaos: PROBLEM: ${text}`);
  },
};
const whole = new Map();
const parts = new Set();
const stderr = {};
let lives = 0;
let bytes = 0;
let mostKb = 0;
let longest = { drainMs: 0, drainBytes: 0 };
const current = { port: 0, signal: over.signal };

async function clientLoop(its) {
  while (!over.signal.aborted) {
    await pause(its.magnitude(5, 1500), over.signal);
    if (over.signal.aborted || current.port === 0) continue;
    let kind = its.pick(KINDS);
    if (atOnce[kind] >= MOST_AT_ONCE[kind]) kind = 'behave';
    made[kind] = (made[kind] ?? 0) + 1;
    if (kind in atOnce) atOnce[kind]++;
    try {
      const context = {
        port: current.port,
        signal: over.signal,
        numbers: its,
        stallMs: STALL_MS,
        number: () => ++lastNumber,
      };
      const numbersTold = await runClient(kind, context);
      if (numbersTold.length > 0) acked[kind] = (acked[kind] ?? 0) + 1;
      for (const number of numbersTold) told.add(number);
    } catch (error) {
      problems.push(`a client (${kind}): ${error.stack}`);
    }
    if (kind in atOnce) atOnce[kind]--;
  }
}

/** Without the lines that each client which resets its connection costs. */
function notable(text) {
  return text
    .split('\n')
    .filter((line) => !line.includes('ECONNRESET'))
    .join('\n');
}

function take(life) {
  bytes += life.oracle.bytes;
  mostKb = Math.max(mostKb, life.mostKb);
  if (life.drainMs > longest.drainMs) longest = life;
  for (const [number, count] of life.oracle.whole) {
    whole.set(number, (whole.get(number) ?? 0) + count);
  }
  for (const number of life.oracle.parts) parts.add(number);
  for (const problem of life.problems) problems.push(`life ${lives}: ${problem}`);
  if (life.problems.length > 0) problems.push(`its stderr: ${notable(life.stderr)}`);
  for (const line of life.stderr.trimEnd().split('\n')) {
    const kindOfLine = line.replace(/\d[\d.:]*/g, 'N');
    stderr[kindOfLine] = (stderr[kindOfLine] ?? 0) + 1;
  }
}

async function oneLife(port) {
  lives++;
  const its = numbers.split();
  const place = join(folder, String(lives));
  mkdirSync(place);
  const life = new Life(its.pick(OUTPUTS), port, place, [...OPTIONS, '--spool-dir', place]);
  const listening = await life.listening(port);
  if (listening === null) {
    // Somebody else has taken the port in the meantime.
    await life.end();
    await life.readRest();
    if (!/EADDRINUSE/.test(life.stderr)) take(life);
    rmSync(place, { recursive: true });
    return 0;
  }
  current.port = listening;
  const ending = new AbortController();
  const stop = () => ending.abort();
  over.signal.addEventListener('abort', stop, { once: true });
  const drained = new AbortController();
  const disturbing = [
    life.pauseReader(its.split(), LONGEST_PAUSE_MS, drained.signal),
    life.lowerLimit(its.split(), ending.signal),
  ];
  const memory = setInterval(() => life.watchMemory(), 500);
  await pause(its.magnitude(500, 20_000), over.signal);
  clearInterval(memory);
  ending.abort();
  over.signal.removeEventListener('abort', stop);
  await life.end();
  current.port = 0;
  await life.readRest();
  drained.abort();
  await Promise.all(disturbing);
  take(life);
  rmSync(place, { recursive: true });
  return listening;
}

function judge() {
  let missing = 0;
  for (const number of told) {
    if (whole.get(number) === 1) continue;
    const how = parts.has(number) ? 'only in part' : 'not at all';
    if (!whole.has(number) && ++missing <= 20) {
      problems.push(`message ${number} was acknowledged and is printed ${how}`);
    }
  }
  for (const [number, count] of whole) {
    if (count > 1) problems.push(`message ${number} is printed ${count} times`);
    if (parts.has(number)) problems.push(`message ${number} is printed whole and in part`);
  }
  if (missing > 20) problems.push(`and ${missing - 20} more of these`);
}

say(`chaos: ${seconds} s, seed ${seed}, ${clientCount} clients`);
const timer = setTimeout(() => over.abort(), seconds * 1000);
const progress = setInterval(() => {
  const passed = Math.round((performance.now() - start) / 1000);
  say(`chaos: ${passed} s, ${lives} lives, ${told.size} acknowledged, ${problems.count} problems`);
}, 60_000);
const loops = Array.from({ length: clientCount }, () => clientLoop(numbers.split()));
for (let port = 0; !over.signal.aborted;) port = await oneLife(port);
await Promise.all(loops);
clearTimeout(timer);
clearInterval(progress);
judge();
rmSync(folder, { recursive: true, force: true });

for (const [kind, count] of Object.entries(made)) {
  say(`chaos: ${count} clients of kind ${kind}, ${acked[kind] ?? 0} of them acknowledged`);
}
for (const [line, count] of Object.entries(stderr)) say(`chaos: ${count} x ${line}`);
say(`chaos: the most memory resident was ${Math.round(mostKb / 1024)} MiB`);
say(
  `chaos: the longest drain took ${(longest.drainMs / 1000).toFixed(1)} s ` +
    `and printed ${longest.drainBytes} bytes`,
);
say(
  `chaos: ${lives} lives, ${bytes} bytes printed, ${told.size} messages acknowledged, ` +
    `${whole.size} printed whole, ${parts.size} in part, ${problems.count} problems (seed ${seed})`,
);
process.exitCode = problems.count === 0 && told.size > 0 ? 0 : 1;
