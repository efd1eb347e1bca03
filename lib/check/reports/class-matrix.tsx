// Submissions down, cases across.
import type { VNode } from 'preact';
import type { ClassEntry } from '../class-result.js';
import type { CaseResult, Report, Side, Verdict } from '../result.js';
import { visibleLine } from '../visible.js';
import { Scroll } from './page.js';
import { Legend, VerdictMark } from './verdict.js';
import { number, VERDICTS } from './words.js';

interface Column {
  side: Side;
  name: string;
  title: string;
}

export function ClassMatrix({ entries }: { entries: readonly ClassEntry[] }): VNode {
  const columns = columnsOf(entries);
  const all = entries.flatMap(({ report }) => report?.results ?? []);
  return (
    <section class="card" aria-labelledby="matrix">
      <h2 id="matrix">At a glance</h2>
      <div class="find">
        <label>
          Find <input type="search" id="find" placeholder="a name" />
        </label>
        <label>
          <input type="checkbox" id="open" /> only what did not pass everything
        </label>
      </div>
      <Legend results={all} />
      <Scroll label="Submissions and cases">
        <table class="class">
          <thead>
            <tr>
              <th scope="col" class="who" data-sort="name">
                Submission
              </th>
              <th scope="col" class="number" data-sort="points">
                Points
              </th>
              {columns.map((column, index) => (
                <th key={index} scope="col" class="case" title={visibleLine(column.title)}>
                  <span>{visibleLine(column.name)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {entries.map((entry, index) => (
              <Row key={index} entry={entry} index={index} columns={columns} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function Row(props: { entry: ClassEntry; index: number; columns: readonly Column[] }): VNode {
  const { entry, index, columns } = props;
  const { student, report, problem } = entry;
  const name = visibleLine(student.name);
  const href = `#submission-${index + 1}`;
  return (
    <tr
      data-name={name.toLowerCase()}
      data-points={report === null ? -1 : report.points}
      data-passed={report?.passed === true ? 'yes' : 'no'}
    >
      <th scope="row" class="who">
        <a href={href} title={name}>
          {name}
        </a>
      </th>
      <td class="number">{report === null ? '\u2013' : number(report.points)}</td>
      {report === null ? (
        <td colSpan={Math.max(columns.length, 1)} class="soft">
          {problem === '' ? 'not graded yet' : visibleLine(problem)}
        </td>
      ) : (
        <Cells report={report} columns={columns} href={href} />
      )}
    </tr>
  );
}

function Cells(props: { report: Report; columns: readonly Column[]; href: string }): VNode {
  const { report, columns, href } = props;
  return (
    <>
      {columns.map((column, index) => {
        const found = worst(report, column);
        return (
          <td key={index}>
            {found === null ? null : (
              <VerdictMark
                result={found}
                href={
                  found.verdict === 'passed' ? null : `${href}-${report.results.indexOf(found) + 1}`
                }
              />
            )}
          </td>
        );
      })}
    </>
  );
}

function columnsOf(entries: readonly ClassEntry[]): Column[] {
  const columns = new Map<string, Column>();
  for (const { report } of entries) {
    for (const { side, name, title } of report?.results ?? []) {
      columns.set(`${side} ${name}`, { side, name, title });
    }
  }
  const all = [...columns.values()];
  return [...all.filter((c) => c.side === 'server'), ...all.filter((c) => c.side === 'client')];
}

/** Of a case with several partners, the result that says most. */
function worst(report: Report, { side, name }: Column): CaseResult | null {
  const found = report.results.filter((result) => result.side === side && result.name === name);
  const order = (verdict: Verdict) => VERDICTS.indexOf(verdict);
  return found.sort((a, b) => order(a.verdict) - order(b.verdict))[0] ?? null;
}
