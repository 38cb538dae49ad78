/**
 * `npm run dashboard`: renders the dashboards of CloudWatch as a page, from what the last `npm start` measured. See
 * `npm run dashboard -- --help`.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { commandHelp, failCommand, flag, option, readCommandLine, text, type Values } from './command-line.ts';
import { measuresFile, NothingMeasured, readMeasured } from './dashboard/measures.ts';
import { dashboardPage } from './dashboard/page.ts';

const options = {
  dataDir: option('data-dir DIR', text, 'where npm start keeps its data', '.local'),
  out: option('out FILE', text, 'the page; dashboard.html in the data directory when not given'),
  help: flag('help', 'show this text'),
};

const purpose =
  'Renders the dashboards that a deployment has in CloudWatch over the metrics of the last npm start, as one HTML file that needs ' +
  'no network and no script.';

const help = commandHelp('npm run dashboard -- [options]', purpose, { Options: options });

function main(args: readonly string[]): void {
  const { values } = readCommandLine(options, args);
  if (values.help) console.log(help);
  else render(values);
}

function render({ dataDir, out = join(dataDir, 'dashboard.html') }: Values<typeof options>): void {
  writeFileSync(out, dashboardPage(readMeasured(join(dataDir, measuresFile))));
  console.log(`The dashboards are in ${resolve(out)}`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  failCommand('npm run dashboard', error, { mistakes: [NothingMeasured] });
}
