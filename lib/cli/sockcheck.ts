// sockcheck: grades a server and a client against the course's specification.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { CASES } from '../check/cases/index.js';
import { CommandError } from '../check/command.js';
import { DEFAULT_LIMITS, grade, type GradeOptions, type Submission } from '../check/grade.js';
import { unmatched } from '../check/patterns.js';
import { clientTemplate, serverTemplate } from '../check/partners.js';
import { UsageError } from './arguments.js';
import { writeReports, type ReportTarget } from '../check/reports/write.js';
import type { Report } from '../check/result.js';
import type { Rubric } from '../check/rubric.js';
import { caseList, gradeTable } from './check-table.js';
import { measurementTable } from './class-table.js';
import { CheckProgress } from './check-progress.js';
import { EXIT_REFUSED, exitStatus, readArguments } from './command.js';
import { dieOf } from './die.js';
import * as lazy from './check-lazy.js';
import { asFailure, CLASS_OPTIONS, REPORT_OPTIONS, reportTargets } from './sockcheck-options.js';
import { COMMON_OPTIONS, type CommandSpec, type Values } from './spec.js';
import { isTerminal, writeAll } from './stdio.js';

const NAME = 'sockcheck';

export const spec = {
  name: NAME,
  summary:
    'Runs a server, a client, or both through every case of the specification, against sockserve and sockclient, a C reference pair and each other, and says what is wrong and why.',
  operands: [
    {
      name: 'CLASS.YAML',
      optional: true,
      help: 'Grades a whole class (docs/sockcheck.md). Without it, --server or --client is graded.',
    },
  ],
  options: {
    server: {
      kind: 'text',
      short: 's',
      value: 'COMMAND',
      help: 'Starts the server; {port} stands for its port.',
    },
    client: {
      kind: 'text',
      short: 'c',
      value: 'COMMAND',
      help: "Starts the client; {host} and {port} stand for the server's address.",
    },
    build: { kind: 'text', value: 'COMMAND', help: 'Makes the programs first.' },
    directory: {
      kind: 'text',
      short: 'C',
      value: 'DIR',
      help: 'Where the commands run (default: here).',
    },
    reference: {
      kind: 'text',
      value: 'DIR',
      help: 'A folder with another reference pair: programs named server and client.',
    },
    only: {
      kind: 'text',
      value: 'CASES',
      help: 'Only these cases: names, * for any characters, commas between.',
    },
    skip: { kind: 'text', value: 'CASES', help: 'All cases but these.' },
    list: {
      kind: 'flag',
      short: 'l',
      help: 'Print the cases, what each does and tests, and exit.',
    },
    jobs: {
      kind: 'count',
      short: 'j',
      value: 'N',
      min: 1,
      max: 256,
      help: 'How many cases at the same time (default: as many as there are cores).',
    },
    'time-limit': {
      kind: 'time',
      value: 'TIME',
      default: DEFAULT_LIMITS.seconds * 1000,
      min: 1000,
      help: 'The most processor time for a program in one case; more on a slow machine.',
    },
    'memory-limit': {
      kind: 'size',
      value: 'SIZE',
      default: DEFAULT_LIMITS.memoryBytes,
      min: 2 ** 20,
      help: 'The most memory for a program and all that it starts.',
    },
    'process-limit': {
      kind: 'count',
      value: 'N',
      default: DEFAULT_LIMITS.processes,
      min: 1,
      help: 'The most processes and threads.',
    },
    'output-limit': {
      kind: 'size',
      value: 'SIZE',
      default: DEFAULT_LIMITS.outputBytes,
      min: 2 ** 20,
      help: 'The most that a program may print or write to any file.',
    },
    bench: {
      kind: 'flag',
      help: "Also measure speed and memory beside the reference's.",
    },
    ...REPORT_OPTIONS,
    ...CLASS_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    "sockcheck --server './server {port}' --client './client {host} {port}'",
    "sockcheck --server 'python3 server.py {port}' --only 'server-*' --skip server-100mb",
    "sockcheck --server './server {port}' --bench --report html=report.html --report junit=junit.xml",
    'sockcheck class.yaml',
    'sockcheck class.yaml --shard 2/8',
    'sockcheck merge class.yaml',
  ],
  notes: [
    "A command is split into words at blanks; '...', \"...\" and a backslash quote. Nothing else of a shell is done: no variables, wildcards or pipes. Programs run without this one's environment: they get PATH, and a HOME and TMPDIR of their own.",
    'A case that fails is run once more; one that then passes is called flaky, which does not count as passed.',
    'Exit status: 0 when all required cases passed, 1 when not, 2 for a wrong command line.',
  ],
} as const satisfies CommandSpec;

/** Runs the command; the result is its exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === 'merge') return lazy.checkMerge().mergeMain(argv.slice(1));
  if (argv[0] === 'worker' && process.send !== undefined) return lazy.checkWorker().workerMain();
  const read = readArguments(spec, argv);
  if (typeof read === 'number') return read;
  try {
    const { values, operands } = read;
    if (values.list) {
      writeAll(1, caseList(CASES, style()));
      return 0;
    }
    const [file] = operands;
    if (file !== undefined) return await lazy.checkClass().classMain(file, classValues(values));
    return await gradeOne(submissionOf(values), optionsOf(values), outputOf(values));
  } catch (error) {
    return exitStatus(
      NAME,
      error instanceof CommandError ? new UsageError(error.message) : asFailure(error),
    );
  }
}

async function gradeOne(
  submission: Submission,
  options: GradeOptions,
  { targets, rubric, bench, verbose }: Output,
): Promise<number> {
  const interrupted = new AbortController();
  const received: NodeJS.Signals[] = [];
  const interrupt = (signal: NodeJS.Signals) => {
    received.push(signal);
    interrupted.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  const progress = new CheckProgress(NAME, verbose);
  try {
    const graded = await grade(submission, {
      ...options,
      signal: interrupted.signal,
      onStart: (total) => {
        progress.start(total);
      },
      onResult: (result) => {
        progress.add(result);
      },
    });
    const measured = bench
      ? await measure(graded, submission, options, interrupted.signal)
      : graded;
    progress.stop();
    const report = rubric === null ? measured : lazy.rubric().applyRubric(measured, rubric);
    writeAll(1, gradeTable(report, style()));
    writeAll(1, measurementTable(report.measurements));
    await writeReports(targets, report, rubric);
    return report.passed ? 0 : EXIT_REFUSED;
  } catch (error) {
    progress.stop();
    const [by] = received;
    if (by === undefined) throw error;
    for (const signal of signals) process.off(signal, interrupt);
    return dieOf(by);
  }
}

interface Output {
  targets: ReportTarget[];
  rubric: Rubric | null;
  bench: boolean;
  verbose: boolean;
}

/** What is wrong with a report's name or a rubric is said before anything is graded. */
function outputOf({ report, rubric, bench, verbose, ...values }: Values<typeof spec>): Output {
  for (const name of ['shard', 'results'] as const) {
    if (values[name] !== null) throw new UsageError(`--${name} is for a class: give a class.yaml`);
  }
  const names = ['build', ...CASES.map(({ name }) => name)];
  return {
    targets: reportTargets(report),
    rubric: rubric === null ? null : lazy.rubric().readRubric(rubric, names),
    ...{ bench, verbose },
  };
}

/** A class.yaml says itself what is graded and how. */
function classValues(values: Values<typeof spec>): Values<typeof spec> {
  const names = ['server', 'client', 'build', 'directory', 'reference', 'only', 'skip'] as const;
  for (const name of names) {
    if (values[name] !== null)
      throw new UsageError(`--${name} belongs in class.yaml, as '${name}:'`);
  }
  return values;
}

async function measure(
  report: Report,
  submission: Submission,
  options: GradeOptions,
  signal: AbortSignal,
): Promise<Report> {
  if (report.server?.buildFailure !== undefined) return report;
  const { measurements, notices } = await lazy.bench().bench(submission, { ...options, signal });
  return { ...report, measurements, notices: [...(report.notices ?? []), ...notices] };
}

function submissionOf(values: Values<typeof spec>): Submission {
  const { server, client, build } = values;
  if (server === null && client === null) {
    throw new UsageError("there is nothing to grade: give --server './server {port}' or --client");
  }
  if (server !== null) serverTemplate(server);
  if (client !== null) clientTemplate(client);
  const directory = folder('--directory', values.directory ?? '.');
  return {
    name: directory,
    directory,
    ...(server === null ? {} : { server }),
    ...(client === null ? {} : { client }),
    ...(build === null ? {} : { build }),
  };
}

function optionsOf(values: Values<typeof spec>): GradeOptions {
  const only = patterns('--only', values.only);
  const skip = patterns('--skip', values.skip);
  return {
    only,
    skip,
    limits: {
      seconds: values['time-limit'] / 1000,
      memoryBytes: values['memory-limit'],
      processes: values['process-limit'],
      outputBytes: values['output-limit'],
    },
    ...(values.jobs === null ? {} : { jobs: values.jobs }),
    ...(values.reference === null ? {} : { reference: referenceIn(values.reference) }),
  };
}

function referenceIn(name: string) {
  const path = folder('--reference', name);
  const program = (file: string) => `'${path.replaceAll("'", `'"'"'`)}/${file}'`;
  return {
    server: `${program('server')} {port}`,
    client: `${program('client')} {host} {port}`,
  };
}

function folder(option: string, name: string): string {
  const path = resolve(name);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`${option}: '${name}' is no folder`);
  }
  return path;
}

function patterns(option: string, text: string | null): string[] {
  const list = (text ?? '').split(',').filter((pattern) => pattern !== '');
  const [wrong] = unmatched(CASES, list);
  if (wrong !== undefined) {
    throw new UsageError(`${option}: no case is named '${wrong}' (see ${NAME} --list)`);
  }
  return list;
}

function style() {
  return { colour: isTerminal(1) && !process.env.NO_COLOR };
}
