// class.yaml: who handed in what, how it is built and run, and what is to come of it.
import { availableParallelism } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { CASES } from '../cases/index.js';
import { splitCommand } from '../command.js';
import { DEFAULT_LIMITS, type Limits } from '../grade-options.js';
import { clientTemplate, serverTemplate } from '../partners.js';
import { unmatched } from '../patterns.js';
import { messageOf, Refusal } from '../refusal.js';
import { checkRules, readRubric, rubricSchema, type Rubric } from '../rubric.js';
import { REPORT_KINDS, type ReportTarget } from '../reports/write.js';
import { readYaml, type YamlFile } from '../yaml-file.js';

const text = z.string().min(1);
const UNITS: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
const SECONDS: Record<string, number> = { ms: 0.001, '': 1, s: 1, m: 60, h: 3600 };

const size = z.union([z.number(), text]).transform((value, context) => {
  const [, digits, unit = ''] = /^(\d+)([kmg]?)$/i.exec(String(value)) ?? [];
  if (digits !== undefined) return Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
  context.addIssue(`'${value}' is not a size; write 65536, 64k, 512M or 2G`);
  return z.NEVER;
});
const time = z.union([z.number(), text]).transform((value, context) => {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(String(value)) ?? [];
  if (digits !== undefined) return Number(digits) * (SECONDS[unit] ?? 1);
  context.addIssue(`'${value}' is not a time; write 90, 90s, 5m or 1h`);
  return z.NEVER;
});

const programs = { build: text.optional(), server: text.optional(), client: text.optional() };

const schema = z.strictObject({
  title: text.optional(),
  /** Folders or archives: patterns, or a list with names. */
  submissions: z
    .union([
      text,
      z.array(text).min(1),
      z.array(z.strictObject({ name: text, directory: text, ...programs })).min(1),
    ])
    .optional(),
  /** Canvas's submissions.zip, or the folder that it was unpacked into. */
  canvas: text.optional(),
  ...programs,
  /** Several languages: the first counts whose file `when` is among what was handed in. */
  programs: z
    .array(z.strictObject({ when: text, ...programs }))
    .min(1)
    .optional(),
  reference: z.strictObject({ server: text, client: text }).optional(),
  only: z.array(text).optional(),
  skip: z.array(text).optional(),
  bench: z.boolean().default(false),
  /** How many submissions at the same time, and how many cases of each. */
  jobs: z.number().int().min(1).max(256).optional(),
  cases: z.number().int().min(1).max(256).default(1),
  limits: z
    .strictObject({
      time: time.optional(),
      memory: size.optional(),
      processes: z.number().int().min(1).optional(),
      output: size.optional(),
      /** For all of one submission. */
      total: time.optional(),
    })
    .default({}),
  rubric: z.union([text, rubricSchema]).optional(),
  results: text.default('results'),
  reports: z.partialRecord(z.enum(REPORT_KINDS), text).default({}),
  /** One HTML report for each student, to be handed back. */
  feedback: text.optional(),
  grades: z.strictObject({ file: text, assignment: text, gradebook: text.optional() }).optional(),
});

type Written = z.output<typeof schema>;

export interface Programs {
  build?: string | undefined;
  server?: string | undefined;
  client?: string | undefined;
}

export interface Grades {
  file: string;
  assignment: string;
  gradebook: string | null;
}

/** class.yaml with everything filled in; paths are absolute. */
export interface ClassConfig {
  title: string;
  folder: string;
  patterns: string[];
  list: ({ name: string; directory: string } & Programs)[];
  canvas: string | null;
  programs: ({ when: string | null } & Programs)[];
  reference: { server: string; client: string } | null;
  only: string[];
  skip: string[];
  bench: boolean;
  jobs: number;
  cases: number;
  limits: Limits;
  totalSeconds: number;
  rubric: Rubric | null;
  results: string;
  reports: ReportTarget[];
  feedback: string | null;
  grades: Grades | null;
}

const TOTAL_SECONDS = 1800;
/** The build is a case of its own, though not one of the list. */
export const CASE_NAMES: readonly string[] = ['build', ...CASES.map(({ name }) => name)];

/** @throws Refusal which names the file and the line */
export function readClass(file: string): ClassConfig {
  const yaml = readYaml(file, schema as z.ZodType<Written>);
  check(yaml);
  const { value } = yaml;
  const folder = dirname(resolve(file));
  const at = (path: string) => resolve(folder, path);
  const { submissions = [], limits, build, server, client } = value;
  const several = typeof submissions === 'string' ? [submissions] : submissions;
  return {
    title: value.title ?? basename(folder),
    folder,
    patterns: several.filter((one) => typeof one === 'string'),
    list: several
      .filter((one) => typeof one !== 'string')
      .map((one) => ({ ...one, directory: at(one.directory) })),
    canvas: value.canvas === undefined ? null : at(value.canvas),
    programs: value.programs ?? [{ when: null, build, server, client }],
    reference: value.reference ?? null,
    only: value.only ?? [],
    skip: value.skip ?? [],
    bench: value.bench,
    jobs: value.jobs ?? availableParallelism(),
    cases: value.cases,
    limits: {
      seconds: limits.time ?? DEFAULT_LIMITS.seconds,
      memoryBytes: limits.memory ?? DEFAULT_LIMITS.memoryBytes,
      processes: limits.processes ?? DEFAULT_LIMITS.processes,
      outputBytes: limits.output ?? DEFAULT_LIMITS.outputBytes,
    },
    totalSeconds: limits.total ?? TOTAL_SECONDS,
    rubric: rubricOf(value, at, yaml),
    results: at(value.results),
    reports: REPORT_KINDS.flatMap((kind) => {
      const file = value.reports[kind];
      return file === undefined ? [] : [{ kind, file: at(file) }];
    }),
    feedback: value.feedback === undefined ? null : at(value.feedback),
    grades:
      value.grades === undefined
        ? null
        : {
            file: at(value.grades.file),
            assignment: value.grades.assignment,
            gradebook: value.grades.gradebook === undefined ? null : at(value.grades.gradebook),
          },
  };
}

function rubricOf(value: Written, at: (path: string) => string, yaml: YamlFile<Written>) {
  if (value.rubric === undefined) return null;
  if (typeof value.rubric === 'string') return readRubric(at(value.rubric), CASE_NAMES);
  checkRules(value.rubric, CASE_NAMES, (rule) => yaml.place(['rubric', 'cases', rule]));
  return value.rubric;
}

/** What no schema says. */
function check({ file, value, place }: YamlFile<Written>): void {
  if ((value.submissions === undefined) === (value.canvas === undefined)) {
    throw new Refusal(
      `${file}: give 'submissions' (folders or archives) or 'canvas' (its submissions.zip), one of them`,
    );
  }
  const refuse = (path: PropertyKey[], why: string): never => {
    throw new Refusal(`${place(path)}: ${path.map(String).join('.')}: ${why}`);
  };
  if (value.reports.gradescope !== undefined) {
    refuse(['reports', 'gradescope'], 'Gradescope grades each submission by itself');
  }
  for (const name of ['only', 'skip'] as const) {
    const [wrong] = unmatched(CASES, value[name] ?? []);
    if (wrong !== undefined) refuse([name], `no case is named '${wrong}'; see sockcheck --list`);
  }
  const list = typeof value.submissions === 'string' ? [] : (value.submissions ?? []);
  const named = list.filter((one) => typeof one !== 'string');
  for (const [index, one] of named.entries()) {
    checkPrograms(one, (key, why) => refuse(['submissions', index, key], why));
  }
  for (const [index, one] of (value.programs ?? []).entries()) {
    checkPrograms(one, (key, why) => refuse(['programs', index, key], why));
  }
  checkPrograms(value, (key, why) => refuse([key], why));
  const groups: Programs[] = [value, ...named, ...(value.programs ?? [])];
  if (!groups.some(({ server, client }) => server !== undefined || client !== undefined)) {
    throw new Refusal(`${file}: there is nothing to run: give 'server', 'client', or both`);
  }
}

function checkPrograms(
  { build, server, client }: Programs,
  refuse: (key: string, why: string) => never,
): void {
  const attempt = (key: string, parse: () => unknown) => {
    try {
      parse();
    } catch (error) {
      refuse(key, messageOf(error));
    }
  };
  if (build !== undefined) attempt('build', () => splitCommand(build));
  if (server !== undefined) attempt('server', () => serverTemplate(server));
  if (client !== undefined) attempt('client', () => clientTemplate(client));
}
