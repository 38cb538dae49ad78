import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

echarts.use([BarChart, LineChart, GridComponent, LegendComponent, MarkLineComponent, SVGRenderer]);

const width = 560;
const height = 270;
const colours = [
  '#1a5fb4',
  '#e66100',
  '#26a269',
  '#c01c28',
  '#813d9c',
  '#986a44',
  '#0e9aa7',
  '#b5a400',
  '#77767b',
  '#e45c9c',
];
const text = { color: '#444', fontSize: 11 };

export interface Line {
  readonly label: string;
  /** Milliseconds since 1970, and the value; `null` where there is none. */
  readonly points: readonly (readonly [number, number | null])[];
}

export interface Lines {
  readonly lines: readonly Line[];
  readonly unit: string;
  readonly from: number;
  readonly to: number;
  readonly isStacked: boolean;
  /** Drawn if the values come near it. */
  readonly limit?: { readonly value: number; readonly label: string } | undefined;
}

/** Values over time, as SVG. */
export function lineChart({ lines, unit, from, to, isStacked, limit }: Lines): string {
  const most = Math.max(...lines.flatMap(({ points }) => points.map(([, value]) => value ?? 0)));
  const shown = limit && most > limit.value / 4 ? limit : undefined;
  const markLine = shown && {
    symbol: 'none',
    silent: true,
    lineStyle: { color: '#c01c28', type: 'dashed' },
    label: { formatter: `${shown.label}`, position: 'insideEndTop', color: '#c01c28', fontSize: 10 },
    data: [{ yAxis: shown.value }],
  };
  return drawn({
    legend: { bottom: 0, itemWidth: 12, itemHeight: 8, itemGap: 22, icon: 'roundRect', textStyle: text },
    grid: { left: 58, right: 16, top: 28, bottom: lines.length > 8 ? 82 : lines.length > 4 ? 64 : 48 },
    xAxis: { type: 'time', min: from, max: to, axisLabel: { ...text, hideOverlap: true }, axisTick: { show: true } },
    yAxis: valueAxis(unit, shown && Math.max(most, shown.value)),
    series: lines.map(({ label, points }, i) => ({
      type: 'line',
      name: label,
      data: points,
      stack: isStacked ? 'all' : undefined,
      areaStyle: isStacked ? { opacity: 0.6 } : undefined,
      // Lines drawn earlier are wider, so that coinciding lines all stay visible.
      lineStyle: { width: isStacked ? 0.5 : lines.length > 3 ? 1.2 : 1.5 + 1.5 * (lines.length - 1 - i) },
      // A value without neighbours has no line, so it needs a symbol.
      showSymbol: points.some(([, value], j) => value !== null && isAlone(points, j)),
      symbolSize: 4,
      symbol: 'circle',
      ...(i === 0 && markLine && { markLine }),
    })),
  });
}

const isAlone = (points: Line['points'], i: number) =>
  (points[i - 1]?.[1] ?? null) === null && (points[i + 1]?.[1] ?? null) === null;

/** Sums by name, the largest first, as SVG. */
export function barChart(sums: readonly { readonly label: string; readonly value: number }[], unit: string): string {
  return drawn({
    grid: { left: 190, right: 40, top: 28, bottom: 24 },
    xAxis: valueAxis(unit),
    yAxis: { type: 'category', inverse: true, data: sums.map(({ label }) => label), axisLabel: text },
    series: [
      {
        type: 'bar',
        data: sums.map(({ value }) => value),
        barMaxWidth: 18,
        label: { show: true, position: 'right', ...text },
      },
    ],
  });
}

const valueAxis = (unit: string, max?: number) => ({
  type: 'value',
  name: unit,
  nameTextStyle: { ...text, align: 'left' },
  min: 0,
  ...(max !== undefined && { max: (extent: { max: number }) => Math.max(extent.max, max * 1.1) }),
  axisLabel: { ...text, formatter: shortNumber },
  splitLine: { lineStyle: { color: '#eee' } },
});

const shortNumber = (value: number) =>
  value >= 1e6 ? `${value / 1e6}M` : value >= 1e4 ? `${value / 1e3}k` : String(Number(value.toPrecision(6)));

function drawn(option: object): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({
    animation: false,
    useUTC: true,
    color: colours,
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
