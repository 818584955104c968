/** The short sound of a new incident. A page may make no sound before it has been clicked; `ring` says whether it did. */
import type { Severity } from './hub-types.js';

const NOTES_HZ: Record<Severity, readonly number[]> = {
  critical: [880, 660, 880],
  warning: [740, 587],
  info: [587],
};
const NOTE_S = 0.12;
const LOUDNESS = 0.08;

export interface Chime {
  /** `false`: the browser keeps this tab silent until it is clicked. */
  ring(severity: Severity): Promise<boolean>;
}

export function createChime(): Chime {
  let audio: AudioContext | null = null;

  return {
    async ring(severity) {
      // An AudioContext that is made before a click makes Chromium complain; ask first where it can be asked.
      if (!navigator.userActivation.hasBeenActive) return false;
      audio ??= new AudioContext();
      // `resume` can stay pending for ever when the browser does not allow it.
      if (audio.state !== 'running') {
        await Promise.race([audio.resume().catch(() => {}), new Promise((resolve) => setTimeout(resolve, 300))]);
      }
      if (audio.state !== 'running') return false;
      const { currentTime, destination } = audio;
      NOTES_HZ[severity].forEach((frequency, index) => {
        if (audio === null) return;
        const startS = currentTime + index * NOTE_S;
        const oscillator = new OscillatorNode(audio, { type: 'triangle', frequency });
        const gain = new GainNode(audio, { gain: 0 });
        // Ramps, because a note that begins or ends at full level clicks.
        gain.gain.setValueAtTime(0, startS);
        gain.gain.linearRampToValueAtTime(LOUDNESS, startS + 0.01);
        gain.gain.linearRampToValueAtTime(0, startS + NOTE_S);
        oscillator.connect(gain).connect(destination);
        oscillator.start(startS);
        oscillator.stop(startS + NOTE_S);
      });
      return true;
    },
  };
}
