// How a case ends that did not pass.
import type { Evidence } from './result.js';

/** The program is wrong: whole sentences that tell its author what and why. */
export class CaseFailure extends Error {
  constructor(
    explanation: string,
    readonly evidence: Evidence[] = [],
  ) {
    super(explanation);
  }
}

/** It cannot be judged here: why. */
export class CaseSkip extends Error {}

const LINES = 12;
const LINE_LENGTH = 400;

/** The last lines of what a program has said. */
export function excerpt(title: string, bytes: Buffer): Evidence[] {
  const lines = bytes
    .subarray(-LINES * LINE_LENGTH)
    .toString('utf8')
    .trimEnd()
    .split('\n');
  const text = lines
    .slice(-LINES)
    .map((line) => line.slice(0, LINE_LENGTH))
    .join('\n');
  return text === '' ? [] : [{ kind: 'excerpt', title, text }];
}
