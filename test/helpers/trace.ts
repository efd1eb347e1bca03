// What programs with traces print, taken apart.
import * as path from 'node:path';
import { start, type RunOptions, type Running } from './run.js';

const ROOT = path.resolve(__dirname, '../..');

export interface TraceLine {
  /** The thread, where several have spoken. */
  tid: number | null;
  /** As strace has it, from the name of the call on. */
  text: string;
}

/** A program that knows `sys`, `c` (the constants) and `sockkit`, run with SOCKKIT_TRACE. */
export function script(code: string, trace: string | null, options: RunOptions = {}): Running {
  const head = `
    const sockkit = require('sockkit'), sys = require('sockkit/sys'), c = sys.constants;
    const { Worker } = require('node:worker_threads');
    const promises = require('sockkit/promises');
  `;
  // An empty one is none, and hides that of whoever runs the tests.
  const env = { ...options.env, SOCKKIT_TRACE: trace ?? '' };
  return start(process.execPath, ['-e', head + code], { cwd: ROOT, ...options, env });
}

const CALL = /^(?:\[pid (\d+)\] )?([a-z_0-9]+\(.*\) += .*)$/;

/** Every line is a whole line of a trace, or this throws. */
export function traceLines(text: string): TraceLine[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error(`the end is cut: ${text.slice(-200)}`);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const match = CALL.exec(line);
      if (match === null) throw new Error(`no line of a trace: ${line}`);
      return { tid: match[1] === undefined ? null : Number(match[1]), text: match[2] ?? '' };
    });
}

/** The same calls of any run: ports, pointers, threads and what else differs is left out. */
export function calls(text: string): string[] {
  return traceLines(text).map((line) => withoutNumbers(line.text));
}

export function withoutNumbers(line: string): string {
  return line.replace(/htons\(\d{4,5}\)/g, 'htons(PORT)').replace(/0x[0-9a-f]{6,}/g, 'PTR');
}

export interface JsonLine {
  time: number;
  pid: number;
  tid: number;
  call: string;
  args: Record<string, unknown>;
  result: number | string | null;
  error?: string;
}

export function jsonLines(text: string): JsonLine[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JsonLine);
}
