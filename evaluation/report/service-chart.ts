import type { ServiceRow } from '../run/rows.ts';
import { slos } from '../service/line-up.ts';
import { mean } from './statistics.ts';
import { svgOf } from './svg.ts';

/** Plots cost against availability of all policies on one group, as SVG. @param rows the group's rows */
export function costChart(group: string, rows: readonly ServiceRow[]): string {
  const points = rows.map(({ policy, results }) => ({
    name: policy,
    value: [mean(results.map(({ costRel }) => costRel)), 100 * mean(results.map(({ availability }) => availability))],
  }));
  const kind = (name: string) =>
    name.startsWith('omniscient') ? 'bound' : name.startsWith('policy') ? 'policy' : 'simple';
  const series = (of: string, color: string, symbol: string) => ({
    type: 'scatter',
    symbol,
    symbolSize: 11,
    itemStyle: { color },
    data: points.filter(({ name }) => kind(name) === of),
    label: { show: true, position: 'right', formatter: '{b}', color, fontSize: 11 },
    labelLayout: { moveOverlap: 'shiftY' },
  });
  return svgOf(group, 'cost by on-demand, and availability in %', {
    xAxis: { type: 'value', name: 'cost', scale: true, nameLocation: 'middle', nameGap: 30 },
    yAxis: { type: 'value', name: 'availability, %', scale: true, max: 100 },
    series: [
      {
        ...series('policy', '#1a5fb4', 'circle'),
        markLine: {
          symbol: 'none',
          silent: true,
          lineStyle: { color: '#888', type: 'dashed' },
          label: { formatter: '{c} %', position: 'insideStartTop' },
          data: slos.map((slo) => ({ yAxis: 100 * slo })),
        },
      },
      series('simple', '#77767b', 'rect'),
      series('bound', '#26a269', 'diamond'),
    ],
  });
}
