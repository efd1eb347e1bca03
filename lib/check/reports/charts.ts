// Charts as SVG text, drawn when a report is written. The page's own colours are used by name, so
// that a chart follows light and dark.
import { parseHTML } from 'linkedom';
import type { Measurement } from '../result.js';
import { visibleLine } from '../visible.js';

/** Drawn at the width that a phone shows it, so that its letters stay legible. */
const WIDTH = 340;
const ACCENT = 'var(--accent)';
const OTHER = 'var(--other)';

export interface Charts {
  /** One thing measured, the submission beside the reference. */
  measurement(measurement: Measurement): string;
  /** How many submissions had how many points. */
  points(values: readonly number[], most: number): string;
  /** Which cases were failed most often. */
  failures(counts: readonly { name: string; count: number }[], of: number): string;
  /** One thing measured on every submission, as a ratio to the reference. */
  ratios(label: string, values: readonly { name: string; ratio: number }[]): string;
}

/** The chart library takes 100 ms to load, and is an ES module: import() alone gets at it. */
export async function loadCharts(): Promise<Charts> {
  const Plot = await import('@observablehq/plot');
  const { document } = parseHTML('<html><body></body></html>');

  const draw = (label: string, options: Record<string, unknown>): string => {
    const svg = Plot.plot({
      document,
      width: WIDTH,
      style: { background: 'none', color: 'var(--text)', fontSize: '12px', overflow: 'visible' },
      ...options,
    });
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', visibleLine(label));
    return svg.outerHTML;
  };

  return {
    measurement(measurement) {
      const { name, side, unit, submission, reference } = measurement;
      const rows = [
        { who: 'submission', value: submission },
        { who: 'reference', value: reference },
      ];
      const label = `${side}, ${name}: ${amount(submission)} ${unit}; reference ${amount(reference)} ${unit}`;
      return draw(label, {
        height: 128,
        marginBottom: 40,
        insetRight: 8,
        marginLeft: 82,
        marginRight: 46,
        x: {
          label: shortened(unit),
          labelAnchor: 'right',
          labelOffset: 34,
          grid: true,
          ticks: 3,
          zero: true,
        },
        y: { label: null, domain: ['submission', 'reference'] },
        marks: [
          Plot.barX(rows, {
            x: 'value',
            y: 'who',
            fill: (row: { who: string }) => (row.who === 'submission' ? ACCENT : OTHER),
          }),
          Plot.text(rows, {
            x: 'value',
            y: 'who',
            text: (row: { value: number }) => amount(row.value),
            textAnchor: 'start',
            dx: 4,
          }),
          Plot.ruleX([0]),
        ],
        color: { type: 'identity' },
      });
    },
    points(values, most) {
      const label = `Points of ${values.length} submissions, of ${amount(most)}`;
      return draw(label, {
        height: 220,
        marginBottom: 40,
        x: { label: 'points', labelOffset: 34, domain: [0, Math.max(most, 1)], ticks: 5 },
        y: { label: 'submissions', grid: true, ticks: 4, tickFormat: 'd' },
        marks: [
          Plot.rectY(bins(values, most), {
            x1: 'from',
            x2: 'to',
            y: 'count',
            fill: ACCENT,
            inset: 1,
          }),
          Plot.ruleY([0]),
        ],
      });
    },
    failures(all, of) {
      const counts = all.map(({ name, count }) => ({ name: shortened(name), count }));
      const label = `Cases that were failed most often, of ${of} submissions`;
      return draw(label, {
        height: 66 + counts.length * 21,
        marginBottom: 40,
        marginLeft: 178,
        marginRight: 28,
        x: {
          label: 'submissions',
          labelOffset: 34,
          domain: [0, Math.max(of, 1)],
          grid: true,
          ticks: 4,
          tickFormat: 'd',
        },
        y: { label: null, domain: counts.map(({ name }) => name) },
        marks: [
          Plot.barX(counts, { x: 'count', y: 'name', fill: 'var(--failed)' }),
          Plot.text(counts, { x: 'count', y: 'name', text: 'count', textAnchor: 'start', dx: 4 }),
          Plot.ruleX([0]),
        ],
      });
    },
    ratios(label, values) {
      const most = Math.max(1.2, ...values.map(({ ratio }) => ratio));
      return draw(`${label}, of ${values.length} submissions, against the reference`, {
        height: 160,
        marginBottom: 40,
        x: {
          label: 'times the reference',
          labelOffset: 34,
          domain: [0, most * 1.05],
          grid: true,
          ticks: 5,
        },
        marks: [
          Plot.ruleX([1], { stroke: 'var(--text)', strokeDasharray: '3,3' }),
          Plot.dotX(
            values,
            Plot.dodgeY({
              x: 'ratio',
              r: 5,
              fill: ACCENT,
              fillOpacity: 0.75,
              title: 'name',
              anchor: 'middle',
            }),
          ),
        ],
      });
    },
  };
}

/** What has room beside a chart. */
function shortened(text: string): string {
  const line = visibleLine(text);
  return line.length > 24 ? `${line.slice(0, 23)}\u2026` : line;
}

/** Tenths of the points; whoever has all of them is in the last. */
function bins(values: readonly number[], most: number) {
  const step = Math.max(most, 1) / 10;
  return Array.from({ length: 10 }, (_, index) => {
    const inside = (value: number) => Math.min(9, Math.max(0, Math.floor(value / step))) === index;
    return { from: index * step, to: (index + 1) * step, count: values.filter(inside).length };
  });
}

/** Three digits or so. */
export function amount(value: number): string {
  if (value === 0) return '0';
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 3 });
}
