/**
 * `npm run serve`: the control plane alone, in real time, for someone who writes an agent or a console. See
 * `npm run serve -- --help`.
 */
import { resolve } from 'node:path';
import { defaultThreads } from './aws/lambda-threads.ts';
import { PortInUse } from './aws/loopback-server.ts';
import { systemClock } from './clock.ts';
import { commandHelp, failCommand, flag, number, option, readCommandLine, text } from './command-line.ts';
import { startControlPlane } from './control-plane.ts';
import { DatabaseInUse } from './database/claim.ts';
import { aborted, interruption } from './interruption.ts';

const options = {
  port: option(
    'port N',
    number({ from: 0, to: 65_535, whole: true }),
    'of the API on 127.0.0.1; 0: any free one',
    '5000',
  ),
  dataDir: option('data-dir DIR', text, 'database and keys, kept for the next time', '.local'),
  fresh: flag('fresh', 'start with an empty database'),
  help: flag('help', 'show this text'),
};

const purpose =
  'Runs the control plane on this machine in real time, with its jobs and without any agents, until Ctrl-C. npm start is ' +
  'the demonstration with a simulated fleet; the two can share a data directory, one at a time.';

const help = commandHelp('npm run serve -- [options]', purpose, { Options: options });

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.log(help);
  const { port, dataDir, fresh } = readCommandLine(options, args).values;
  const signal = interruption();
  const controlPlane = await startControlPlane({
    port,
    dataDir,
    fresh,
    clock: systemClock,
    say: (line) => console.error(line),
    functionThreads: defaultThreads(),
  });
  try {
    controlPlane.scheduler.start();
    if (!signal.aborted) console.log(welcome(controlPlane.url, resolve(dataDir, 'admin-token')));
    await aborted(signal);
  } finally {
    await controlPlane.stop();
  }
}

/** First steps, as commands that work when pasted. */
function welcome(url: string, tokenFile: string): string {
  const name = `Tenant of ${new Date().toISOString().slice(0, 19)}`;
  const agent = {
    logical_agent_id: 'my-agent',
    instance_id: 'i-0123456789abcdef0',
    instance_type: 'm5.large',
    region: 'us-east-1',
    az: 'us-east-1a',
    mode: 'spot',
  };
  return `The control plane is up at ${url}, and its jobs run. Ctrl-C stops it.
The admin token is in ${tokenFile}. Create a tenant with it:

  ${post(url, '/api/admin/clients/create', `$(cat ${quoted(tokenFile)})`, { name })}

Agents of the tenant authenticate with client.token of the answer. Register one:

  TOKEN=token-...
  ${post(url, '/api/agents/register', '$TOKEN', agent)}

All endpoints, with forms to try them: ${url}/docs
`;
}

const post = (url: string, path: string, token: string, body: object) =>
  [
    `curl -sS ${url}${path}`,
    `-H "Authorization: Bearer ${token}"`,
    `-H 'Content-Type: application/json'`,
    `-d ${quoted(JSON.stringify(body))}`,
  ].join(' \\\n    ');

/** Quotes text for a POSIX shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

main(process.argv.slice(2)).catch((error) =>
  failCommand('npm run serve', error, { troubles: [PortInUse, DatabaseInUse] }),
);
