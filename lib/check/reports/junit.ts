// JUnit's XML, as Jenkins, GitLab and GitHub's actions read it.
import Builder from 'fast-xml-builder';
import type { CaseResult, Report } from '../result.js';
import { visible, visibleLine } from '../visible.js';
import { caseLabel, counts, detailText } from './words.js';

const ATTRIBUTE = '@';

export function junitReport(reports: readonly Report[]): string {
  const builder = new Builder({
    ignoreAttributes: false,
    attributeNamePrefix: ATTRIBUTE,
    textNodeName: '#text',
    suppressEmptyNode: true,
    format: true,
  });
  const xml = builder.build({
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: {
      ...attributes({ name: 'sockcheck', ...sums(reports.flatMap(({ results }) => results)) }),
      testsuite: reports.map(suite),
    },
  });
  return xml;
}

function suite(report: Report): Record<string, unknown> {
  return {
    ...attributes({
      name: report.name,
      ...sums(report.results),
      timestamp: report.started.replace(/\.\d+Z$|Z$/, ''),
    }),
    testcase: report.results.map((result) => testcase(report, result)),
  };
}

function testcase(report: Report, result: CaseResult): Record<string, unknown> {
  const head = attributes({
    classname: `${report.name}.${result.side}`,
    name: caseLabel(result, report.results),
    time: result.seconds.toFixed(3),
  });
  const outcome = outcomeOf(result);
  return outcome === null ? head : { ...head, ...outcome };
}

function outcomeOf(result: CaseResult): Record<string, unknown> | null {
  const message = firstSentence(result.explanation);
  const body = { ...attributes({ message, type: result.verdict }), '#text': detailText(result) };
  switch (result.verdict) {
    case 'passed':
      return null;
    case 'failed':
      return { failure: body };
    case 'flaky':
      // Surefire's element for it, which those who do not know it pass over.
      return { flakyFailure: body };
    case 'skipped':
      return { skipped: attributes({ message }) };
    case 'error':
      return { error: body };
  }
}

function sums(results: readonly CaseResult[]): Record<string, string> {
  const count = counts(results);
  return {
    tests: String(results.length),
    failures: String(count.failed),
    errors: String(count.error),
    skipped: String(count.skipped),
    time: results.reduce((all, { seconds }) => all + seconds, 0).toFixed(3),
  };
}

function attributes(values: Record<string, string>): Record<string, string> {
  const entries = Object.entries(values);
  return Object.fromEntries(entries.map(([key, value]) => [ATTRIBUTE + key, visibleLine(value)]));
}

function firstSentence(text: string): string {
  return visible(/^.*?[.:](?=\s|$)|^.*/.exec(text)?.[0] ?? '');
}
