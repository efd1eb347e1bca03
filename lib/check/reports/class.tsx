// The HTML report of a class: who passed what, what most got wrong, and each one's failures.
import type { VNode } from 'preact';
import type { ClassEntry, ClassResult } from '../class-result.js';
import type { CaseResult, Measurement, Report } from '../result.js';
import { visible, visibleLine } from '../visible.js';
import { CaseView } from './case.js';
import type { Charts } from './charts.js';
import { amount } from './charts.js';
import { ClassMatrix } from './class-matrix.js';
import { measurementName } from './measurements.js';
import { Page, renderPage, Scroll } from './page.js';
import { Builds, footerText, Notices, outcome } from './submission.js';
import { countsText, number } from './words.js';

const MOST_FAILED = 10;

export function classHtml(result: ClassResult, charts: Charts): string {
  const title = visibleLine(result.title);
  const graded = gradedOf(result);
  const [first] = graded;
  const footer = first === undefined ? 'Nothing was graded.' : footerText(first);
  return renderPage(
    <Page title={`${title}: sockcheck`} footer={footer} scripted>
      <header class="top">
        <h1>{title}</h1>
        <p class="soft">{standing(result)}</p>
        <ClassFigures result={result} />
      </header>
      <main id="main">
        <ClassMatrix entries={result.entries} />
        {graded.length > 0 ? <Overview graded={graded} charts={charts} /> : null}
        <Ratios graded={graded} charts={charts} />
        <section class="card" aria-labelledby="each">
          <h2 id="each">One by one</h2>
          {result.entries.map((entry, index) => (
            <EntryView key={index} entry={entry} index={index} />
          ))}
        </section>
      </main>
    </Page>,
  );
}

function gradedOf(result: ClassResult): Report[] {
  return result.entries.flatMap(({ report }) => (report === null ? [] : [report]));
}

function standing(result: ClassResult): string {
  const all = result.entries.length;
  const graded = gradedOf(result).length;
  const waiting = result.entries.filter((e) => e.report === null && e.problem === '').length;
  const problems = all - graded - waiting;
  const parts = [`${graded} of ${all} submissions graded`];
  if (problems > 0) parts.push(`${problems} could not be graded`);
  if (waiting > 0) parts.push(`${waiting} still to grade`);
  return `${parts.join(', ')}.`;
}

function ClassFigures({ result }: { result: ClassResult }): VNode {
  const graded = gradedOf(result);
  const points = graded.map((report) => report.points).sort((a, b) => a - b);
  const most = Math.max(0, ...graded.map(({ maxPoints }) => maxPoints));
  const figures: [string, string][] = [
    [String(result.entries.length), 'submissions'],
    [String(graded.filter(({ passed }) => passed).length), 'passed everything'],
    [String(graded.filter(didNotBuild).length), 'did not compile'],
  ];
  if (points.length > 0) figures.push([`${number(median(points))} / ${number(most)}`, 'median']);
  return (
    <ul class="figures">
      {figures.map(([value, name]) => (
        <li key={name}>
          <b>{value}</b>
          <span>{name}</span>
        </li>
      ))}
    </ul>
  );
}

function didNotBuild({ server, client }: Report): boolean {
  return server?.buildFailure !== undefined || client?.buildFailure !== undefined;
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

function Overview({ graded, charts }: { graded: readonly Report[]; charts: Charts }): VNode {
  const failures = mostFailed(graded);
  const most = Math.max(0, ...graded.map(({ maxPoints }) => maxPoints));
  return (
    <section class="card" aria-labelledby="overview">
      <h2 id="overview">How the class did</h2>
      <div class="charts">
        <figure>
          <figcaption>Points</figcaption>
          <Svg
            text={charts.points(
              graded.map(({ points }) => points),
              most,
            )}
          />
        </figure>
        {failures.length > 0 ? (
          <figure>
            <figcaption>Failed most often</figcaption>
            <Svg text={charts.failures(failures, graded.length)} />
          </figure>
        ) : null}
      </div>
      {failures.length > 0 ? <FailureTable graded={graded} failures={failures} /> : null}
    </section>
  );
}

interface Failures {
  name: string;
  count: number;
}

function FailureTable(props: { graded: readonly Report[]; failures: readonly Failures[] }): VNode {
  const { graded, failures } = props;
  const meaning = (name: string) =>
    graded.flatMap(({ results }) => results).find((result) => result.name === name)?.title ?? '';
  return (
    <>
      <h3>What to talk about in class</h3>
      <Scroll label="Cases that were failed most often">
        <table>
          <thead>
            <tr>
              <th scope="col">Case</th>
              <th scope="col" class="number">
                Failed
              </th>
              <th scope="col">What it does</th>
            </tr>
          </thead>
          <tbody>
            {failures.map(({ name, count }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="number">
                  {count} of {graded.length}
                </td>
                <td>{visibleLine(meaning(name))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

/** A case that fails with several partners is one failure of its submission. */
function mostFailed(graded: readonly Report[]): Failures[] {
  const count = new Map<string, number>();
  for (const report of graded) {
    const failed = report.results.filter(({ verdict }) => verdict === 'failed');
    for (const name of new Set(failed.map((result) => visibleLine(result.name)))) {
      count.set(name, (count.get(name) ?? 0) + 1);
    }
  }
  const sorted = [...count].map(([name, count]) => ({ name, count }));
  return sorted.sort((a, b) => b.count - a.count).slice(0, MOST_FAILED);
}

function Ratios(props: { graded: readonly Report[]; charts: Charts }): VNode | null {
  const groups = new Map<string, { name: string; measurement: Measurement }[]>();
  for (const report of props.graded) {
    for (const measurement of report.measurements) {
      const label = measurementName(measurement);
      const group = groups.get(label) ?? [];
      group.push({ name: visibleLine(report.name), measurement });
      groups.set(label, group);
    }
  }
  if (groups.size === 0) return null;
  return (
    <section class="card" aria-labelledby="ratios">
      <h2 id="ratios">Speed and memory, as ratios to the reference</h2>
      <div class="charts">
        {[...groups].map(([label, group]) => (
          <figure key={label}>
            <figcaption>{label}</figcaption>
            <Svg text={charts(props.charts, label, group)} />
            <p class="soft">{extremes(group)}</p>
          </figure>
        ))}
      </div>
    </section>
  );
}

type Group = readonly { name: string; measurement: Measurement }[];

function charts(drawing: Charts, label: string, group: Group): string {
  const values = group.map(({ name, measurement }) => ({ name, ratio: measurement.ratio }));
  return drawing.ratios(label, values);
}

function extremes(group: Group): string {
  const sorted = [...group].sort((a, b) => a.measurement.ratio - b.measurement.ratio);
  const said = [sorted[0], sorted.at(-1)].flatMap((one) =>
    one === undefined ? [] : [`${one.name} ${amount(one.measurement.ratio)}`],
  );
  return `From ${said.join(' to ')} times the reference.`;
}

function Svg({ text }: { text: string }): VNode {
  return <div dangerouslySetInnerHTML={{ __html: text }} />;
}

/** What did not pass, whole; what did is in the matrix. */
function EntryView({ entry, index }: { entry: ClassEntry; index: number }): VNode {
  const { student, report, problem } = entry;
  const open: readonly CaseResult[] =
    report?.results.filter(({ verdict }) => verdict !== 'passed') ?? [];
  const said = report === null ? problem || 'not graded yet' : countsText(report.results);
  return (
    <details id={entryId(index)}>
      <summary>
        <span class="name">{visibleLine(student.name)}</span>
        <span class="what">
          {visibleLine(said)}
          {student.late ? ', late' : ''}
        </span>
        {report !== null && report.maxPoints > 0 ? (
          <span class="points">
            {number(report.points)} / {number(report.maxPoints)}
          </span>
        ) : null}
      </summary>
      <div class="body">
        {problem === '' ? null : <p class="why is-error">{visible(problem)}</p>}
        {report === null ? null : (
          <>
            <p>{outcome(report)}</p>
            <Builds report={report} />
            <Notices notices={report.notices} />
            {open.map((result) => (
              <CaseView
                key={result.name}
                result={result}
                all={report.results}
                id={`${entryId(index)}-${report.results.indexOf(result) + 1}`}
              />
            ))}
          </>
        )}
      </div>
    </details>
  );
}

export function entryId(index: number): string {
  return `submission-${index + 1}`;
}
