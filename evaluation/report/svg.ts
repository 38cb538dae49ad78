import { LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent, TitleComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { LabelLayout } from 'echarts/features';
import { SVGRenderer } from 'echarts/renderers';

echarts.use([LineChart, ScatterChart, GridComponent, TitleComponent, MarkLineComponent, LabelLayout, SVGRenderer]);

/** Draws a chart of the given options as SVG, with room for labels on the right. */
export function svgOf(title: string, subtext: string, options: echarts.EChartsCoreOption): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 960, height: 640 });
  chart.setOption({
    animation: false,
    title: { text: title, subtext, left: 'center' },
    grid: { left: 70, right: 200, top: 70, bottom: 50 },
    ...options,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
