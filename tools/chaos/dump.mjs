// What a process that makes no progress is doing: its threads by what they wait for, the sockets on
// its port, and backtraces where there is gdb.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** gdb stops the process while it looks, and takes its time on a busy machine. */
const TOOL_MS = 60_000;

function read(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    // `stack` is root's alone, and a thread may have ended.
    return `(${error.code})`;
  }
}

function run(command, ...args) {
  return new Promise((resolve) => {
    const options = { timeout: TOOL_MS, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 };
    execFile(command, args, options, (error, stdout) => {
      resolve(error !== null && stdout === '' ? `(${error.code ?? error.signal})` : stdout.trim());
    });
  });
}

/** Equal texts once, with how often they come and the names of whatever they belong to. */
function grouped(entries) {
  const groups = new Map();
  for (const [name, text] of entries) groups.set(text, [...(groups.get(text) ?? []), name]);
  return [...groups]
    .sort(([, a], [, b]) => a.length - b.length)
    .map(([text, names]) => {
      const most = names.length > 6 ? [...names.slice(0, 6), '...'] : names;
      return `${names.length} x ${text}\n    (${most.join(' ')})`;
    })
    .join('\n');
}

function threads(pid) {
  let ids;
  try {
    ids = readdirSync(`/proc/${pid}/task`);
  } catch {
    return '(it has ended)';
  }
  return grouped(
    ids.map((id) => {
      const of = (file) => read(`/proc/${pid}/task/${id}/${file}`);
      const state = /^State:\s+(\S)/m.exec(of('status'))?.[1] ?? '?';
      // The number of the call, without the addresses, in which threads that wait alike differ.
      const [call] = of('syscall').split(' ');
      const stack = of('stack').replaceAll(/^\[<0>\] |\+0x\S+/gm, '');
      const frames = stack.split('\n').slice(0, 5).join(' < ');
      return [id, `${of('comm')} ${state} ${of('wchan')} syscall ${call} ${frames}`];
    }),
  );
}

async function backtraces(pid) {
  const commands = ['-ex', 'set print frame-arguments scalars', '-ex', 'thread apply all bt 14'];
  const text = await run('gdb', '-q', '-nx', '-batch', '-p', String(pid), ...commands);
  const parts = text.split(/^Thread \d+ \((?:Thread 0x\w+ \()?LWP (\d+)\).*$/m);
  if (parts.length < 3) return text;
  const entries = [];
  for (let i = 1; i < parts.length; i += 2) {
    const frames = [...parts[i + 1].matchAll(/^#\d+ +(?:0x\w+ in )?([^\n]*)/gm)].map(([, frame]) =>
      frame.replaceAll(/0x[0-9a-f]{6,}/g, '0x...').replace(/ from \/.*\//, ' from '),
    );
    entries.push([parts[i], frames.join('\n    ')]);
  }
  return grouped(entries);
}

/** A text of many lines. */
export async function dump(pid, port) {
  const fields = /^(State|Threads|SigPnd|ShdPnd|SigCgt|VmRSS|voluntary\w+):.*$/gm;
  const status = (read(`/proc/${pid}/status`).match(fields) ?? []).join('\n');
  const limit = /^Max open files.*$/m.exec(read(`/proc/${pid}/limits`))?.[0] ?? '';
  let open = '?';
  try {
    open = readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    // It has ended.
  }
  const parts = {
    'the process': `${status}\n${limit}\n${open} descriptors are open`,
    'threads by /proc': threads(pid),
    'sockets on its port': await run('ss', '-tanpo', `sport = :${port}`),
    'threads by gdb': await backtraces(pid),
  };
  return Object.entries(parts)
    .map(([name, text]) => `--- ${name}\n${text}`)
    .join('\n');
}
