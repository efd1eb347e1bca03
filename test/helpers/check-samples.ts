// Reports made up for tests of what is done with reports.
import type {
  CaseResult,
  Measurement,
  Report,
  Side,
  Verdict,
} from '../../dist/lib/check/result.js';

export type { CaseResult, Measurement, Report, Verdict } from '../../dist/lib/check/result.js';

/** What a hostile submission would like to see in a report, in each of its languages. */
export const HOSTILE = [
  '<script>document.title = "owned"</script>',
  '</style></pre><img src=x onerror="document.title=1">',
  ']]></failure><testcase name="more"/>&amp;&bogus;',
  '\x1b]0;owned\x07\x1b[2J\x00\x08\x7f\x9b31m',
  '\u202egnp.exe\u2066 \ufeff\uffff \ud800',
  '=HYPERLINK("http://x.example","a")',
].join('\n');

const SERVER = ['usage', 'short', 'empty', 'nul-bytes', 'ten-at-once', 'silent-client', 'backlog'];
const CLIENT = ['usage', 'short', 'large', 'short-sends', 'memory', 'refused'];

const EXPLANATIONS: Record<Verdict, string> = {
  passed: '',
  failed:
    'Your program asked to send 2048 bytes, the kernel took 7, and the other 2041 were never sent. send() says how many bytes it took: send the rest in a loop.',
  flaky: 'It failed once and passed when it was run again: something in it depends on luck.',
  skipped: 'The program is linked statically, so its calls cannot be watched.',
  error: 'The grader could not start its own client: EAGAIN.',
};

export function sampleCase(name: string, verdict: Verdict, more: Partial<CaseResult> = {}) {
  const side: Side = name.startsWith('client') ? 'client' : 'server';
  const result: CaseResult = {
    name,
    side,
    title: `Sends what ${name} is about, and looks at what comes out.`,
    specification: 'The server prints each message to stdout, byte for byte.',
    required: true,
    partner: 'sockkit',
    verdict,
    explanation: EXPLANATIONS[verdict],
    evidence: [],
    runs: verdict === 'flaky' ? 3 : 1,
    passes: verdict === 'passed' ? 1 : verdict === 'flaky' ? 2 : 0,
    seconds: 0.25,
    points: verdict === 'passed' ? 2 : 0,
    maxPoints: 2,
    ...more,
  };
  return result;
}

/** A difference as a case would give it. */
export function sampleDifference(expected: Buffer, actual: Buffer): CaseResult['evidence'][number] {
  let offset = 0;
  while (offset < expected.length && expected[offset] === actual[offset]) offset++;
  const start = Math.max(0, offset - 20);
  const around = (bytes: Buffer) => bytes.subarray(start, start + 64).toString('base64');
  return {
    kind: 'difference',
    title: 'What the server printed',
    offset,
    expectedBytes: expected.length,
    actualBytes: actual.length,
    start,
    expected: around(expected),
    actual: around(actual),
  };
}

export function sampleReport(name: string, results = sampleResults(), more: Partial<Report> = {}) {
  const report: Report = {
    format: 1,
    name,
    version: '0.2.0',
    started: '2026-11-24T12:00:00.000Z',
    seconds: 41.5,
    machine: 'Linux 6.18, 2 processors',
    server: { command: './server {port}' },
    client: { command: './client {host} {port}' },
    results,
    measurements: [],
    points: results.reduce((sum, { points }) => sum + points, 0),
    maxPoints: results.reduce((sum, { maxPoints }) => sum + maxPoints, 0),
    passed: results.every(({ verdict, required }) => !required || verdict === 'passed'),
    ...more,
  };
  return report;
}

/** Two partners on the server's side, some of everything; another mixture for each number. */
export function sampleResults(salt = 0): CaseResult[] {
  const verdicts: Verdict[] = [
    'passed',
    'passed',
    'failed',
    'passed',
    'flaky',
    'passed',
    'skipped',
  ];
  const verdict = (index: number) =>
    verdicts[(index * (salt % 5) + salt) % verdicts.length] ?? 'passed';
  const server = SERVER.flatMap((name, index) =>
    ['sockkit', 'reference'].map((partner) =>
      sampleCase(`server-${name}`, verdict(index), {
        partner,
        evidence: evidenceFor(verdict(index)),
      }),
    ),
  );
  const client = CLIENT.map((name, index) => sampleCase(`client-${name}`, verdict(index + 3)));
  return [...server, ...client];
}

function evidenceFor(verdict: Verdict): CaseResult['evidence'] {
  if (verdict !== 'failed') return [];
  const right = Buffer.from('Go Tigers!\r\nÜmlaut and tab\t.\0\xff tail', 'latin1');
  return [
    sampleDifference(right, Buffer.concat([right.subarray(0, 13), right.subarray(16)])),
    {
      kind: 'excerpt',
      title: 'Calls that it made',
      text: 'send(4, "...", 2048, 0) = 7\nclose(4) = 0',
    },
  ];
}

export function sampleMeasurements(factor = 0.8): Measurement[] {
  const one = (
    name: string,
    side: Side,
    unit: string,
    reference: number,
    moreIsBetter: boolean,
  ) => ({
    ...{ name, side, unit, reference, submission: reference * factor, ratio: factor, moreIsBetter },
  });
  return [
    one('throughput', 'server', 'MiB/s', 2100, true),
    one('throughput', 'client', 'MiB/s', 2400, true),
    one('connections', 'server', 'connections/s', 21_000, true),
    one('memory', 'server', 'MiB', 3.4, false),
  ];
}
