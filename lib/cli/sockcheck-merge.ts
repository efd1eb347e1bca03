// sockcheck merge: the results of a class that was graded in parts, as one.
import { statSync } from 'node:fs';
import { CASE_NAMES, readClass } from '../check/class/config.js';
import { mergedResult, writeOutputs, type Outputs } from '../check/class/outputs.js';
import { readRubric } from '../check/rubric.js';
import { UsageError } from './arguments.js';
import { exitStatus, readArguments } from './command.js';
import { say } from './report.js';
import { conclude } from './sockcheck-class.js';
import { asFailure, REPORT_OPTIONS, reportTargets } from './sockcheck-options.js';
import { COMMON_OPTIONS, type CommandSpec } from './spec.js';

const NAME = 'sockcheck merge';

export const spec = {
  name: NAME,
  summary:
    'Puts the results of a class together that was graded in parts, on one machine or several, and makes its reports and grades.',
  operands: [
    {
      name: 'CLASS.YAML | DIR',
      many: true,
      help: 'Folders with results. A class.yaml first says which reports and grades are made.',
    },
  ],
  options: { ...REPORT_OPTIONS, ...COMMON_OPTIONS },
  examples: [
    'sockcheck merge class.yaml results',
    'sockcheck merge machine1/results machine2/results --report html=class.html',
  ],
  notes: [
    'Of a submission that was graded twice the later result counts.',
    'Exit status: 0 when everything was graded and all required cases passed, 1 when not, 2 for a wrong command line.',
  ],
} as const satisfies CommandSpec;

export async function mergeMain(argv: readonly string[]): Promise<number> {
  const read = readArguments(spec, argv);
  if (typeof read === 'number') return read;
  try {
    const { values, operands } = read;
    const [first = ''] = operands;
    const config = /\.ya?ml$/i.test(first) ? readClass(first) : null;
    const folders = config === null ? operands : operands.slice(1);
    if (config !== null && folders.length === 0) folders.push(config.results);
    for (const folder of folders) {
      if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
        throw new UsageError(`'${folder}' is no folder`);
      }
    }
    const rubric = values.rubric === null ? config?.rubric : readRubric(values.rubric, CASE_NAMES);
    const targets = reportTargets(values.report);
    const outputs: Outputs = {
      reports: [...(config?.reports ?? []), ...targets],
      feedback: config?.feedback ?? null,
      grades: config?.grades ?? null,
    };
    const { result } = mergedResult(folders, rubric ?? undefined);
    for (const notice of await writeOutputs(result, outputs)) say(NAME, notice);
    return conclude(result);
  } catch (error) {
    return exitStatus(NAME, asFailure(error));
  }
}
