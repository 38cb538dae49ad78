import { ScatterChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent, TitleComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { LabelLayout } from 'echarts/features';
import { SVGRenderer } from 'echarts/renderers';
import type { ServiceRow } from '../run/rows.ts';
import { slos } from '../service/line-up.ts';
import { mean } from './statistics.ts';

echarts.use([ScatterChart, GridComponent, TitleComponent, MarkLineComponent, LabelLayout, SVGRenderer]);

/** Plots cost against availability of all policies on one group, as SVG. @param rows the group's rows */
export function costChart(group: string, rows: readonly ServiceRow[]): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 960, height: 640 });
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
  chart.setOption({
    animation: false,
    title: { text: group, subtext: 'cost by on-demand, and availability in %', left: 'center' },
    grid: { left: 70, right: 200, top: 70, bottom: 50 },
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
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
