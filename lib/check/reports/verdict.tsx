import type { VNode } from 'preact';
import type { CaseResult, Verdict } from '../result.js';
import { VERDICTS } from './words.js';

const MARKS: Record<Verdict, string> = {
  passed: '\u2713',
  failed: '\u2717',
  flaky: '\u223c',
  skipped: '\u2013',
  error: '!',
};

const MEANING: Record<Verdict, string> = {
  passed: 'passed',
  failed: 'failed',
  flaky: 'failed, and passed when run again',
  skipped: 'could not be judged here',
  error: 'the grader failed, not the submission',
};

/** Colour, mark and word: none of them is needed to read it. */
export function VerdictBadge({ verdict }: { verdict: Verdict }): VNode {
  return (
    <span class={`verdict ${verdict}`}>
      <span aria-hidden="true">{MARKS[verdict]}</span> {verdict}
    </span>
  );
}

/** The mark alone, where there is room for no more; leads to the explanation. */
export function VerdictMark({ result, href }: { result: CaseResult; href: string | null }): VNode {
  const { verdict } = result;
  const inner = (
    <>
      <span aria-hidden="true">{MARKS[verdict]}</span>
      <span class="hidden">{verdict}</span>
    </>
  );
  const props = { class: `verdict ${verdict}`, title: `${result.name}: ${MEANING[verdict]}` };
  return href === null ? (
    <span {...props}>{inner}</span>
  ) : (
    <a {...props} href={href}>
      {inner}
    </a>
  );
}

export function Legend({ results }: { results: readonly CaseResult[] }): VNode {
  const used = VERDICTS.filter((verdict) => results.some((result) => result.verdict === verdict));
  return (
    <ul class="legend">
      {used.map((verdict) => (
        <li key={verdict}>
          <span class={`verdict ${verdict}`} aria-hidden="true">
            {MARKS[verdict]}
          </span>{' '}
          {MEANING[verdict]}
        </li>
      ))}
    </ul>
  );
}
