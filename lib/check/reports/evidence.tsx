// What a case saw: bytes as text and as hex, lines that a program wrote.
import { diffChars, diffLines } from 'diff';
import type { ComponentChildren, VNode } from 'preact';
import type { Difference, Evidence } from '../result.js';
import { clipped, visible, visibleLine } from '../visible.js';
import { decode, hexRows, MOST_CHARACTERS, type HexCell } from './words.js';

const BYTES_PER_ROW = 8;
const MOST_EVIDENCE = 12;

export function EvidenceList({ evidence }: { evidence: readonly Evidence[] }): VNode {
  const rest = evidence.length - MOST_EVIDENCE;
  return (
    <>
      {evidence.slice(0, MOST_EVIDENCE).map((item, index) =>
        item.kind === 'excerpt' ? (
          <div key={index}>
            <h4>{visibleLine(item.title)}</h4>
            <pre tabIndex={0}>{clipped(visible(item.text), MOST_CHARACTERS)}</pre>
          </div>
        ) : (
          <DifferenceView key={index} difference={item} />
        ),
      )}
      {rest > 0 ? <p class="soft">and {rest} more</p> : null}
    </>
  );
}

function DifferenceView({ difference }: { difference: Difference }): VNode {
  const { title, offset, expectedBytes, actualBytes } = difference;
  return (
    <div>
      <h4>{visibleLine(title)}</h4>
      <p class="soft">
        {bytes(expectedBytes)} were expected and {bytes(actualBytes)} came; the first difference is
        at byte {offset.toLocaleString('en')}.
      </p>
      <TextPair difference={difference} />
      <div class="pair">
        <Hex difference={difference} which="expected" />
        <Hex difference={difference} which="actual" />
      </div>
    </div>
  );
}

/** Both sides as text, with what is missing and what is too much marked in its place. */
function TextPair({ difference }: { difference: Difference }): VNode {
  const expected = asText(decode(difference.expected));
  const actual = asText(decode(difference.actual));
  // Letter by letter says most about small mistakes; unlike texts are quicker read by lines.
  const alike = commonPart(expected, actual) > 0.5;
  const parts = alike ? diffChars(expected, actual) : diffLines(expected, actual);
  const side = (other: 'added' | 'removed', Mark: 'ins' | 'del') =>
    parts
      .filter((part) => !part[other])
      .map((part, index) =>
        part.added || part.removed ? <Mark key={index}>{part.value}</Mark> : part.value,
      );
  return (
    <div class="pair">
      <Shown title="Expected, as text" plain={expected === ''}>
        {side('added', 'ins')}
      </Shown>
      <Shown title="Came, as text" plain={actual === ''}>
        {side('removed', 'del')}
      </Shown>
    </div>
  );
}

function Shown(props: { title: string; plain: boolean; children: ComponentChildren }): VNode {
  return (
    <div>
      <h5>{props.title}</h5>
      <pre tabIndex={0}>{props.plain ? <span class="at">(nothing)</span> : props.children}</pre>
    </div>
  );
}

function Hex(props: { difference: Difference; which: 'expected' | 'actual' }): VNode {
  const rows = hexRows(props.difference, props.which, BYTES_PER_ROW);
  const [title, name] = props.which === 'expected' ? ['Expected', 'due'] : ['Came', 'was'];
  return (
    <div>
      <h5>{title}, as hex</h5>
      <pre class={`hex ${name}`} tabIndex={0}>
        {rows.length === 0 ? <span class="at">(nothing)</span> : null}
        {rows.map(({ offset, cells }) => (
          <>
            <span class="at">{offset.toString(16).padStart(8, '0')}</span>
            {'  '}
            {marked(cells, ({ hex }) => hex, ' ')}
            {'   '.repeat(BYTES_PER_ROW - cells.length)}
            {'  '}
            {marked(cells, ({ text }) => text, '')}
            {'\n'}
          </>
        ))}
      </pre>
    </div>
  );
}

/** Runs of cells that differ are marked as one. */
function marked(
  cells: readonly HexCell[],
  pick: (cell: HexCell) => string,
  between: string,
): (VNode | string)[] {
  const runs: { differs: boolean; cells: HexCell[] }[] = [];
  for (const cell of cells) {
    const last = runs.at(-1);
    if (last?.differs === cell.differs) last.cells.push(cell);
    else runs.push({ differs: cell.differs, cells: [cell] });
  }
  return runs.flatMap((run, index) => {
    const text = run.cells.map(pick).join(between);
    return [index === 0 ? '' : between, run.differs ? <mark key={index}>{text}</mark> : text];
  });
}

/** UTF-8, with every byte that is none shown as `\xNN`, and line ends where they are. */
function asText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  const whole = Buffer.from(text, 'utf8').equals(bytes) ? text : bytes.toString('latin1');
  return visible(whole).replace(/\n/g, '\u21b5\n');
}

/** How much of both is the same at the start and at the end: 0 to 1. */
function commonPart(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  if (most === 0) return 1;
  let head = 0;
  while (head < most && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < most - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  return (head + tail) / most;
}

function bytes(count: number): string {
  return `${count.toLocaleString('en')} byte${count === 1 ? '' : 's'}`;
}
