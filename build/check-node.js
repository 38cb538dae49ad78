/**
 * Fails unless the scripts run on the Node version that package.json pins and Lambda has. If the pinned Node could not
 * be installed, npm silently falls back to the machine's own, and the tests would prove nothing about Lambda's runtime.
 * JavaScript, unlike everything else here: an older Node could not even load a `.ts` file to print the message.
 */
const major = 24;

if (!process.version.startsWith(`v${major}.`)) {
  console.error(
    `This is Node ${process.version} (${process.execPath}); the project runs on ${major}. Run \`npm ci\` again.`,
  );
  process.exit(1);
}
