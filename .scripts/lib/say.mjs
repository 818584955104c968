/** How the scripts talk: plain lines, a little colour on a terminal. */

const colourful = process.stdout.isTTY === true && !process.env.NO_COLOR;
const paint = (code) => (text) => (colourful ? `\x1b[${code}m${text}\x1b[0m` : text);

export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);

export function say(line = '') {
  process.stdout.write(`${line}\n`);
}

/** An end that the user can understand and mend: its message is shown without a stack. */
export class Stop extends Error {}

/** Runs the main part of a script; a `Stop` becomes one message and exit code 1, anything else keeps its stack. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    process.stderr.write(`\n${error instanceof Stop ? error.message : (error?.stack ?? error)}\n`);
    process.exitCode = 1;
  }
}
