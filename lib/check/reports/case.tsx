import type { VNode } from 'preact';
import type { CaseResult } from '../result.js';
import { visible, visibleLine } from '../visible.js';
import { EvidenceList } from './evidence.js';
import { VerdictBadge } from './verdict.js';
import { caseLabel, number, partnerName } from './words.js';

export interface CaseProps {
  result: CaseResult;
  all: readonly CaseResult[];
  id: string;
  open?: boolean;
}

/** One case: what it does, what was wrong and why, what was seen. */
export function CaseView({ result, all, id, open = false }: CaseProps): VNode {
  return (
    <details id={id} open={open}>
      <summary>
        <VerdictBadge verdict={result.verdict} />
        <span class="name">{caseLabel(result, all)}</span>
        <span class="what">{visibleLine(result.title)}</span>
        {result.maxPoints > 0 ? (
          <span class="points">
            {number(result.points)} / {number(result.maxPoints)}
          </span>
        ) : null}
      </summary>
      <div class="body">
        {result.explanation === '' ? null : (
          <p class={`why is-${result.verdict}`}>{visible(result.explanation)}</p>
        )}
        <dl class="facts">
          <dt>Specification</dt>
          <dd>{visibleLine(result.specification)}</dd>
          <dt>Judged</dt>
          <dd>
            the {result.side}, {partnerName(result.partner)}
            {result.required ? '' : '; not required to pass'}
          </dd>
          <dt>Took</dt>
          <dd>
            {number(result.seconds)} s
            {result.runs > 1 ? `; passed ${result.passes} of ${result.runs} runs` : ''}
          </dd>
        </dl>
        <EvidenceList evidence={result.evidence} />
      </div>
    </details>
  );
}
