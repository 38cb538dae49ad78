import { jobBound } from '../jobs/line-up.ts';
import type { JobRow } from '../run/rows.ts';
import { JobCosts } from './job-costs.ts';
import { svgOf } from './svg.ts';

/** Plots the cost of a set's jobs against the time they have, with a line for each policy, as SVG. */
export function jobChart(set: string, rows: readonly JobRow[]): string {
  const costs = new JobCosts(rows);
  return svgOf(`jobs, ${set}`, 'mean cost by on-demand, by hours until the deadline', {
    xAxis: { type: 'category', name: 'hours', data: costs.deadlines, nameLocation: 'middle', nameGap: 30 },
    yAxis: { type: 'value', name: 'cost', scale: true },
    series: costs.policies.map((policy, index) => {
      const isBound = policy === jobBound;
      const color = isBound ? '#26a269' : colors[index % colors.length]!;
      return {
        type: 'line',
        name: policy,
        color,
        symbol: isBound ? 'diamond' : policy.startsWith('policy') ? 'circle' : 'rect',
        symbolSize: 7,
        lineStyle: { type: isBound ? 'dashed' : 'solid' },
        data: costs.deadlines.map((hours) => costs.relative(policy, hours)),
        endLabel: { show: true, formatter: '{a}', color, fontSize: 11 },
        labelLayout: { moveOverlap: 'shiftY' },
      };
    }),
  });
}

const colors = ['#77767b', '#c64600', '#9141ac', '#a51d2d', '#63452c', '#1a5fb4', '#3584e4', '#e5a50a'];
