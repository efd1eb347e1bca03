// The HTML report of one submission.
import type { VNode } from 'preact';
import type { CaseResult, Program, Report, Side } from '../result.js';
import { visible, visibleLine } from '../visible.js';
import { CaseView } from './case.js';
import type { Charts } from './charts.js';
import { Measurements } from './measurements.js';
import { Page, renderPage, Scroll } from './page.js';
import { Legend, VerdictMark } from './verdict.js';
import { counts, number, partnerName, VERDICTS } from './words.js';

const SIDES: readonly Side[] = ['server', 'client'];

export function submissionHtml(report: Report, charts: Charts): string {
  const name = visibleLine(report.name);
  return renderPage(
    <Page title={`${name}: sockcheck`} footer={footerText(report)}>
      <header class="top">
        <h1>{name}</h1>
        <p class="soft">{outcome(report)}</p>
        <Figures report={report} />
      </header>
      <main id="main">
        <Builds report={report} />
        <Notices notices={report.notices} />
        <Matrix report={report} />
        <Cases report={report} />
        {report.measurements.length > 0 ? (
          <Measurements measurements={report.measurements} charts={charts} />
        ) : null}
        <Programs report={report} />
      </main>
    </Page>,
  );
}

export function footerText({ version, started, seconds, machine }: Report): string {
  const when = visibleLine(started).replace(/T(\d\d:\d\d).*$/, ' $1 UTC');
  const took = `${number(seconds)} s`;
  return `sockcheck ${visibleLine(version)}, ${when}, ${took}, on ${visibleLine(machine)}`;
}

export function outcome(report: Report): string {
  const count = counts(report.results);
  if (report.passed) return 'Every required case passed.';
  const missed = report.results.filter(
    ({ required, verdict }) => required && verdict !== 'passed' && verdict !== 'skipped',
  );
  const said = missed.length === 1 ? 'One required case' : `${missed.length} required cases`;
  return `${said} did not pass${count.error > 0 ? '; the grader failed in some' : ''}.`;
}

export function Figures({ report }: { report: Report }): VNode {
  const count = counts(report.results);
  return (
    <ul class="figures">
      {report.maxPoints > 0 ? (
        <li>
          <b>
            {number(report.points)} / {number(report.maxPoints)}
          </b>
          <span>points</span>
        </li>
      ) : null}
      {[...VERDICTS].reverse().map((verdict) =>
        verdict === 'passed' || count[verdict] > 0 ? (
          <li key={verdict}>
            <b>{count[verdict]}</b>
            <span>{verdict === 'error' ? 'grader errors' : verdict}</span>
          </li>
        ) : null,
      )}
    </ul>
  );
}

export function Builds({ report }: { report: Report }): VNode | null {
  const failures = [report.server, report.client].flatMap((program) =>
    program?.buildFailure === undefined ? [] : [program.buildFailure],
  );
  if (failures.length === 0) return null;
  return (
    <section class="card" aria-labelledby="build">
      <h2 id="build">It did not compile</h2>
      {[...new Set(failures)].map((text) => (
        <pre key={text} tabIndex={0}>
          {visible(text)}
        </pre>
      ))}
    </section>
  );
}

/** What the reader must know of the grading itself. */
export function Notices({ notices = [] }: { notices?: string[] | undefined }): VNode | null {
  if (notices.length === 0) return null;
  return (
    <ul class="notices" aria-label="Of the grading itself">
      {[...new Set(notices)].map((notice) => (
        <li key={notice}>Note: {visibleLine(notice)}.</li>
      ))}
    </ul>
  );
}

/** Cases down, and across whoever was at the other end. */
function Matrix({ report }: { report: Report }): VNode {
  return (
    <section class="card" aria-labelledby="matrix">
      <h2 id="matrix">At a glance</h2>
      <Legend results={report.results} />
      <div class="pair">
        {SIDES.map((side) => (
          <SideMatrix key={side} report={report} side={side} />
        ))}
      </div>
    </section>
  );
}

function SideMatrix({ report, side }: { report: Report; side: Side }): VNode | null {
  const own = report.results.filter((result) => result.side === side);
  if (own.length === 0) return null;
  const partners = [...new Set(own.map(({ partner }) => partner))];
  const names = [...new Set(own.map(({ name }) => name))];
  return (
    <Scroll label={`Cases of the ${side}`}>
      <table class="matrix wide">
        <thead>
          <tr>
            <th scope="col">{side === 'server' ? 'Server' : 'Client'}</th>
            {partners.map((partner) => (
              <th key={partner} scope="col">
                {partnerName(partner)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">{visibleLine(name)}</th>
              {partners.map((partner) => {
                const found = own.find((r) => r.name === name && r.partner === partner);
                return (
                  <td key={partner}>
                    {found === undefined ? null : (
                      <VerdictMark result={found} href={`#${caseId(report, found)}`} />
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** What went wrong first and open; what passed at the end. */
function Cases({ report }: { report: Report }): VNode {
  const groups = VERDICTS.map((verdict) => ({
    verdict,
    results: report.results.filter((result) => result.verdict === verdict),
  })).filter(({ results }) => results.length > 0);
  return (
    <section class="card" aria-labelledby="cases">
      <h2 id="cases">Case by case</h2>
      {groups.map(({ verdict, results }) => (
        <div key={verdict}>
          <h3>
            {HEADINGS[verdict]} ({results.length})
          </h3>
          {results.map((result) => (
            <CaseView
              key={caseId(report, result)}
              result={result}
              all={report.results}
              id={caseId(report, result)}
              open={verdict === 'failed' || verdict === 'flaky'}
            />
          ))}
        </div>
      ))}
    </section>
  );
}

const HEADINGS = {
  failed: 'Failed',
  error: 'The grader failed',
  flaky: 'Flaky',
  skipped: 'Not judged',
  passed: 'Passed',
};

/** Numbers, and not names: an identifier of the page is nobody else's to choose. */
function caseId(report: Report, result: CaseResult): string {
  return `case-${report.results.indexOf(result) + 1}`;
}

function Programs({ report }: { report: Report }): VNode {
  const rows: [string, Program | null][] = [
    ['Server', report.server],
    ['Client', report.client],
  ];
  return (
    <section class="card" aria-labelledby="programs">
      <h2 id="programs">What was run</h2>
      <dl class="facts">
        {rows.map(([name, program]) =>
          program === null ? null : (
            <>
              <dt>{name}</dt>
              <dd>
                <code>{visibleLine(program.command)}</code>
              </dd>
            </>
          ),
        )}
      </dl>
    </section>
  );
}
