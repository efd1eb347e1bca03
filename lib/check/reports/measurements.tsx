// Speed and memory side by side with the reference.
import type { VNode } from 'preact';
import type { Measurement } from '../result.js';
import { visibleLine } from '../visible.js';
import { amount, type Charts } from './charts.js';
import { Scroll } from './page.js';

const NAMES: Record<string, string> = {
  throughput: 'Throughput',
  connections: 'Connections',
  memory: 'Peak memory',
};

export function measurementName({ name, side }: Measurement): string {
  return `${NAMES[name] ?? visibleLine(name)} of the ${side}`;
}

export function Measurements(props: {
  measurements: readonly Measurement[];
  charts: Charts;
}): VNode {
  const { measurements, charts } = props;
  return (
    <section class="card" aria-labelledby="speed">
      <h2 id="speed">Speed and memory against the reference</h2>
      <div class="charts">
        {measurements.map((measurement, index) => (
          <figure key={index}>
            <figcaption>{measurementName(measurement)}</figcaption>
            <div dangerouslySetInnerHTML={{ __html: charts.measurement(measurement) }} />
          </figure>
        ))}
      </div>
      <h3>As numbers</h3>
      <Scroll label="Measurements">
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col" class="number">
                Submission
              </th>
              <th scope="col" class="number">
                Reference
              </th>
              <th scope="col" class="number">
                Ratio
              </th>
              <th scope="col">Better is</th>
            </tr>
          </thead>
          <tbody>
            {measurements.map((measurement, index) => (
              <tr key={index}>
                <th scope="row">{measurementName(measurement)}</th>
                <td class="number">
                  {amount(measurement.submission)} {visibleLine(measurement.unit)}
                </td>
                <td class="number">
                  {amount(measurement.reference)} {visibleLine(measurement.unit)}
                </td>
                <td class="number">{amount(measurement.ratio)} &times;</td>
                <td>{measurement.moreIsBetter ? 'more' : 'less'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}
