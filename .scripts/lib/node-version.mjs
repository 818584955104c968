/** Whether a version of Node is new enough for this package. */

/**
 * @param {string} current as `process.version` gives it
 * @param {string} range `engines.node` of package.json, of the form `>=20.19`
 * @returns {string | null} what is wrong, or null
 */
export function nodeProblem(current, range) {
  const wanted = /^>=(\d+)\.(\d+)$/.exec(range);
  const have = /^v?(\d+)\.(\d+)/.exec(current);
  if (!wanted || !have) return `package.json asks for Node "${range}", which cannot be compared with "${current}".`;
  const [major, minor] = [Number(have[1]), Number(have[2])];
  const [wantedMajor, wantedMinor] = [Number(wanted[1]), Number(wanted[2])];
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return null;
  return `hubshare needs Node ${wantedMajor}.${wantedMinor} or newer; this is ${current}. Install one from https://nodejs.org, then run the command again.`;
}
