// Reports as text: JUnit, Gradescope, JSON, rubrics. The HTML report has its own suite.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import {
  applyRubric,
  parseReportTargets,
  readRubric,
  reportText,
  visible,
  visibleLine,
} from './helpers/check-inside.js';
import {
  HOSTILE,
  sampleCase,
  sampleMeasurements,
  sampleReport,
  sampleResults,
  type CaseResult,
} from './helpers/check-samples.js';
import { removeFiles, temporaryFolder } from './helpers/files.js';

afterEach(removeFiles);

const hostileCase: CaseResult = sampleCase(HOSTILE, 'failed', {
  title: HOSTILE,
  specification: HOSTILE,
  partner: HOSTILE,
  explanation: HOSTILE,
  evidence: [{ kind: 'excerpt', title: HOSTILE, text: HOSTILE }],
});
const hostile = sampleReport(HOSTILE, [hostileCase], {
  server: { command: HOSTILE, buildFailure: HOSTILE },
  measurements: sampleMeasurements().map((m) => ({ ...m, name: HOSTILE, unit: HOSTILE })),
});

/** What no report may hold: it would act on a terminal, or is no XML. */
const HARMFUL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/;

test('control characters and unseen ones are shown', () => {
  expect(visible('a\x1b[2J\x00\x9b\n\tb\x7f\r')).toBe('a\\x1B[2J\\x00\\x9B\n\tb\\x7F\\x0D');
  expect(visible('\u202egnp\u2066\ufeff\u{e0041}')).toBe('\\u202Egnp\\u2066\\uFEFF\\uE0041');
  expect(visible('grüße 日本 😀 \ufffd')).toBe('grüße 日本 😀 \ufffd');
  expect(visible('\ud800!')).toBe('\ufffd!');
  expect(visibleLine('a\nb\tc')).toBe('a\\nb c');
});

describe('JUnit', () => {
  const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@' });

  test('has a test case for each result, with its outcome', async () => {
    const report = sampleReport('ada', [
      sampleCase('server-short', 'passed'),
      sampleCase('server-backlog', 'failed'),
      sampleCase('server-memory', 'skipped'),
      sampleCase('client-short', 'flaky'),
      sampleCase('client-memory', 'error'),
    ]);
    const xml = await reportText('junit', report, null);
    expect(XMLValidator.validate(xml)).toBe(true);
    const { testsuites } = parser.parse(xml) as { testsuites: { testsuite: never } };
    expect(testsuites).toMatchObject({
      ...{ '@tests': '5', '@failures': '1', '@errors': '1', '@skipped': '1' },
      testsuite: { '@name': 'ada', '@timestamp': '2026-11-24T12:00:00' },
    });
    const { testcase } = testsuites.testsuite as { testcase: object[] };
    expect(testcase[0]).toEqual({
      ...{ '@classname': 'ada.server', '@name': 'server-short', '@time': '0.250' },
    });
    expect(
      testcase.map((one) => Object.keys(one).find((key) => !key.startsWith('@')) ?? 'passed'),
    ).toEqual([...['passed', 'failure', 'skipped', 'flakyFailure', 'error']]);
  });

  test('is XML whatever a submission wrote', async () => {
    const xml = await reportText('junit', hostile, null);
    expect(XMLValidator.validate(xml)).toBe(true);
    expect(xml).not.toMatch(HARMFUL);
    const { testsuites } = parser.parse(xml) as { testsuites: { testsuite: { testcase: object } } };
    expect(testsuites.testsuite.testcase).toMatchObject({ failure: { '@type': 'failed' } });
  });
});

describe('Gradescope', () => {
  const format = z.enum(['text', 'html', 'simple_format', 'md', 'ansi']);
  const visibility = z.enum(['hidden', 'after_due_date', 'after_published', 'visible']);
  /** The output format as Gradescope documents it; what it does not name is refused. */
  const documented = z.strictObject({
    score: z.number().optional(),
    execution_time: z.number().int().optional(),
    output: z.string().optional(),
    output_format: format.optional(),
    test_output_format: format.optional(),
    test_name_format: format.optional(),
    visibility: visibility.optional(),
    stdout_visibility: visibility.optional(),
    extra_data: z.record(z.string(), z.unknown()).optional(),
    tests: z.array(
      z.strictObject({
        score: z.number().optional(),
        max_score: z.number().optional(),
        status: z.enum(['passed', 'failed']).optional(),
        name: z.string().optional(),
        name_format: format.optional(),
        number: z.string().optional(),
        output: z.string().optional(),
        output_format: format.optional(),
        tags: z.array(z.string()).optional(),
        visibility: visibility.optional(),
        extra_data: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
    leaderboard: z
      .array(
        z.strictObject({
          name: z.string(),
          value: z.union([z.number(), z.string()]),
          order: z.enum(['asc', 'desc']).optional(),
        }),
      )
      .optional(),
  });

  const results = async (
    ...args: [Parameters<typeof reportText>[1], Parameters<typeof reportText>[2]]
  ) => documented.parse(JSON.parse(await reportText('gradescope', ...args)));

  test('results.json is what Gradescope documents', async () => {
    const report = sampleReport('ada', sampleResults(2), { measurements: sampleMeasurements() });
    const { score, tests, leaderboard, execution_time } = await results(report, null);
    expect({ score, execution_time }).toEqual({ score: report.points, execution_time: 42 });
    expect(tests).toHaveLength(report.results.length);
    expect(tests[0]).toMatchObject({ name: 'server-usage (with sockkit)', status: 'failed' });
    expect(leaderboard?.[3]).toEqual({ name: 'server: memory (MiB)', value: 2.72, order: 'asc' });
  });

  test('and harmless whatever a submission wrote', async () => {
    const text = await reportText('gradescope', hostile, null);
    expect(text).not.toMatch(HARMFUL);
    expect((await results(hostile, null)).output).toContain('did not compile');
  });

  test('takes points and visibility from a rubric', async () => {
    const rubric = rubricOf(
      ['cases:', '  server-short: { points: 10, visibility: after_published }', 'others: 1'],
      ['server-short', 'server-large'],
    );
    const report = sampleReport('ada', [
      sampleCase('server-short', 'passed'),
      sampleCase('server-large', 'failed'),
    ]);
    const { score, tests } = await results(applyRubric(report, rubric), rubric);
    expect(score).toBe(10);
    expect(tests).toMatchObject([
      { score: 10, max_score: 10, visibility: 'after_published' },
      { score: 0, max_score: 1 },
    ]);
    expect(tests[1]).not.toHaveProperty('visibility');
  });
});

function rubricOf(lines: readonly string[], known: readonly string[] = []) {
  const file = join(temporaryFolder(), 'rubric.yaml');
  writeFileSync(file, lines.join('\n'));
  return readRubric(file, known);
}

describe('a rubric', () => {
  const points = (results: CaseResult[], lines: readonly string[]) => {
    const report = applyRubric(sampleReport('ada', results), rubricOf(lines));
    return { sum: [report.points, report.maxPoints], each: report.results.map((r) => r.points) };
  };

  test('gives a case its points once, whoever its partners are', () => {
    const results = ['sockkit', 'reference'].map((partner, index) =>
      sampleCase('server-short', index === 0 ? 'passed' : 'failed', { partner }),
    );
    expect(points(results, ['cases: { server-short: 8 }'])).toEqual({ sum: [4, 8], each: [4, 0] });
  });

  test('scales to a total, and the last pattern that matches counts', () => {
    const results = [sampleCase('server-short', 'passed'), sampleCase('server-large', 'failed')];
    const lines = ['total: 100', 'cases:', '  "*": 5', '  server-*: 1', '  server-short: 3'];
    expect(points(results, lines)).toEqual({ sum: [75, 100], each: [75, 0] });
  });

  test('has a word on what was flaky or could not be judged', () => {
    const results = [sampleCase('a', 'flaky'), sampleCase('b', 'skipped')];
    expect(points(results, []).sum).toEqual([1, 2]);
    expect(points(results, ['flaky: 0', 'skipped: full']).sum).toEqual([2, 4]);
    expect(points(results, ['flaky: 1', 'skipped: none']).sum).toEqual([2, 4]);
  });

  test.each([
    [['total: 100', 'cases:', '  server-short: many'], 'rubric.yaml:3: cases.server-short: '],
    [['cases: {}', 'flakey: 1'], "rubric.yaml:2: 'flakey' is not known here"],
    [['cases:', '  server-shrot: 1'], "rubric.yaml:2: no case is called 'server-shrot'"],
    [['total: -1'], 'rubric.yaml:1: total: too small'],
    [['cases: {', '', 'x'], 'rubric.yaml:'],
    [['cases: { a: 1, a: 2 }'], 'rubric.yaml:1: Map keys must be unique'],
    [['cases:', '  a: { points: 1, visibility: seen }'], 'rubric.yaml:2: cases.a.visibility: '],
  ])('that is wrong is refused with its line: %j', (lines, message) => {
    expect(() => rubricOf(lines, ['server-short', 'a'])).toThrow(message);
  });

  test('that is not there is refused', () => {
    expect(() => readRubric('/nowhere/rubric.yaml')).toThrow(
      '/nowhere/rubric.yaml: there is no such file',
    );
  });
});

test('JSON is the report as it is', async () => {
  const report = sampleReport('ada');
  expect(JSON.parse(await reportText('json', report, null))).toEqual(report);
});

test('--report is read', () => {
  expect(parseReportTargets('html=a.html,junit=out/b=c.xml')).toEqual([
    { kind: 'html', file: 'a.html' },
    { kind: 'junit', file: 'out/b=c.xml' },
  ]);
  expect(() => parseReportTargets('pdf=x')).toThrow(
    "--report 'pdf=x': write KIND=FILE with one of",
  );
  expect(() => parseReportTargets('html=')).toThrow('KIND=FILE');
});
