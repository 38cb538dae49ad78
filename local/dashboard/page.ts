import { type Dashboard, dashboards, type Series, type Widget } from '../../lib/observability/definitions.ts';
import type { Measured } from './measures.ts';
import { type Shown, show } from './widget.ts';

/** The dashboards of a run as one HTML page: inline pictures, no script, nothing loaded from elsewhere. */
export function dashboardPage(measured: Measured): string {
  const { from, to, periodSeconds } = measured;
  const span = `${minuteOf(from)} to ${minuteOf(to)} UTC, in periods of ${periodSeconds / 60} minutes`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Spot Optimizer: dashboards</title>
<style>${style}</style>
<header>
<h1>Spot Optimizer</h1>
<p>A run on one machine, ${span}. The same dashboards as in CloudWatch (lib/observability/definitions.ts).</p>
<nav>${dashboards.map(({ name, title }) => `<a href="#${name}">${escaped(title)}</a>`).join(' ')}</nav>
</header>
${dashboards.map((dashboard) => section(dashboard, measured)).join('\n')}
</html>
`;
}

const section = ({ name, title, about, widgets }: Dashboard, measured: Measured) => `<section id="${name}">
<h2>${escaped(title)}</h2>
<p>${escaped(about)}</p>
<div class="widgets">
${figures(widgets, measured)}
</div>
</section>`;

/** Widgets without a picture come last, because their height differs. */
function figures(widgets: readonly Widget[], measured: Measured): string {
  const shown = widgets.map((widget) => [widget, show(widget, measured)] as const);
  const sorted = shown.toSorted(([, a], [, b]) => Number(a.svg === undefined) - Number(b.svg === undefined));
  return sorted.map(([widget, one]) => figure(widget, one)).join('\n');
}

function figure(widget: Widget, { svg, notes }: Shown): string {
  const picture =
    svg === undefined ? '' : svg.replace('<svg ', `<svg role="img" aria-label="${escaped(widget.title)}" `);
  const said = notes.map((note) => `<p class="note">${escaped(note)}</p>`).join('');
  const how = svg === undefined ? '' : `<span>${escaped(howOf(widget))}</span>`;
  return `<figure><figcaption><b>${escaped(widget.title)}</b>${how}</figcaption>${picture}${said}</figure>`;
}

const words: Readonly<Record<Series['statistic'], string>> = {
  Sum: 'sum a period',
  Average: 'mean',
  Maximum: 'most',
  p50: 'percentiles',
  p99: 'percentiles',
};

const howOf = (widget: Widget) =>
  'ranks' in widget
    ? 'of the whole run'
    : [...new Set(widget.series.map(({ statistic }) => words[statistic]))].join(', ');

const minuteOf = (time: string) => time.slice(0, 16).replace('T', ' ');

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const style = `
body { margin: 0 auto; max-width: 1800px; padding: 0 20px 40px; background: #f4f5f7; color: #222; font: 14px/1.45 system-ui, sans-serif; }
h1 { font-size: 20px; margin: 18px 0 0; } h2 { font-size: 17px; margin: 28px 0 0; } p { margin: 2px 0 8px; color: #555; }
nav a { margin-right: 14px; color: #1a5fb4; }
.widgets { display: grid; grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); gap: 14px; align-items: start; }
figure { margin: 0; padding: 10px 12px; background: #fff; border: 1px solid #ddd; border-radius: 6px; min-width: 0; }
figcaption { display: flex; justify-content: space-between; gap: 12px; } figcaption span { color: #777; font-size: 12px; }
svg { display: block; width: 100%; height: auto; }
.note { margin: 6px 0 0; color: #666; font-size: 12px; }
`;
