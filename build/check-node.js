/**
 * Fails when the scripts do not run on the Node that package.json pins and Lambda has. npm falls back to the machine's
 * own Node in silence where the pinned one could not be installed, and the tests would then speak for another runtime.
 * JavaScript, unlike all else here, because an older Node could not even read the message in a `.ts` file.
 */
const major = 24;

if (!process.version.startsWith(`v${major}.`)) {
  console.error(
    `This is Node ${process.version} (${process.execPath}); the project runs on ${major}. Run \`npm ci\` again.`,
  );
  process.exit(1);
}
