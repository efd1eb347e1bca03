// A worker that grades nothing: what a submission's file `plan` says is what comes of it. Each of
// its doings is a line in $FAKE_LOG: begin, done or stopped, its process and the submission.
const { appendFileSync, existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { work } = require('../../dist/lib/check/class/worker.js');

const log = (what, name) => {
  appendFileSync(process.env.FAKE_LOG, `${what} ${process.pid} ${name}\n`);
};

/** Until the grading is stopped; not for what else would end a wait. */
const stopped = (signal) =>
  new Promise((resolve) => {
    const timer = setInterval(() => undefined, 1000);
    signal.addEventListener('abort', () => {
      clearInterval(timer);
      resolve();
    });
  });

async function grade({ submission, options: rules }, { signal, onStart, onResult }) {
  const { name, directory, server } = submission;
  const file = join(directory, 'plan');
  const plan = existsSync(file) ? readFileSync(file, 'utf8').trim() : 'passed';
  log('begin', name);
  onStart(1);
  if (plan === 'crash') {
    process.stderr.write('the fake \x1b[31mcrashed');
    process.exit(3);
  }
  if (plan === 'refuse') throw new Error('there is no program');
  if (plan === 'hold' && !existsSync(process.env.FAKE_GATE ?? '')) {
    await stopped(signal);
    log('stopped', name);
    return undefined;
  }
  const verdict = ['hold', 'passed'].includes(plan) ? 'passed' : 'failed';
  const result = {
    ...{
      name: 'server-short',
      side: 'server',
      title: 'Sends a line.',
      specification: 'It prints.',
    },
    ...{
      required: true,
      partner: 'sockkit',
      verdict,
      explanation: verdict === 'failed' ? plan : '',
    },
    ...{ evidence: [], runs: 1, passes: 1, seconds: 0.1, maxPoints: 4 },
    points: verdict === 'passed' ? 4 : 0,
  };
  onResult(result);
  log('done', name);
  return {
    ...{ format: 1, name, version: '0', started: new Date().toISOString(), seconds: 0.1 },
    ...{ machine: `${rules.limits.seconds} s`, server: { command: server }, client: null },
    ...{ results: [result], measurements: [], points: result.points, maxPoints: 4 },
    passed: verdict === 'passed',
  };
}

void work(grade).then(() => process.exit(0));
