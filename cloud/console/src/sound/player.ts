import { type Tone, type ToneName, tones } from "./tones";

/** What the browser lets us do. Only "armed" can be heard. */
export type SoundState = "unarmed" | "armed" | "blocked";

const volumeKey = "anlan.volume";
/** Nobody can turn the alarm off with the volume. */
export const volumeFloor = 0.3;

/** Player repeats one tone until told otherwise. Everything is made here, so it works with the network gone. */
export class Player {
  private ctx?: AudioContext;
  private broken = false;
  private seen = { at: 0, time: -1 };
  private playing?: ToneName;
  private timer?: ReturnType<typeof setTimeout>;
  private readonly notes = new Set<OscillatorNode>();
  private readonly listeners = new Set<() => void>();

  subscribe = (f: () => void): (() => void) => {
    this.listeners.add(f);
    return () => this.listeners.delete(f);
  };

  state = (): SoundState => {
    if (!this.ctx) return "unarmed";
    return this.ctx.state === "running" && !this.broken ? "armed" : "blocked";
  };

  /** volume is 0.3 to 1, of what the computer itself is set to. */
  get volume(): number {
    const v = Number(localStorage.getItem(volumeKey));
    return v >= volumeFloor && v <= 1 ? v : 1;
  }

  set volume(v: number) {
    localStorage.setItem(volumeKey, String(Math.min(1, Math.max(volumeFloor, v))));
  }

  /** arm must be called from a person's key or click; it lets the tone be heard once. */
  async arm() {
    if (this.broken) {
      void this.ctx?.close();
      this.ctx = undefined;
      this.broken = false;
    }
    if (!this.ctx) {
      const ctx = new AudioContext();
      this.ctx = ctx;
      ctx.onstatechange = () => this.changed();
      // The browser says so when there is no output, or it goes away.
      ctx.addEventListener("error", () => this.fail());
    }
    await this.ctx.resume();
    this.seen = { at: 0, time: -1 };
    this.beep([[660, 0.15, 0]]);
    this.changed();
  }

  /** check finds an output that says it runs but does not: its clock stands still. Call it every second. */
  check() {
    if (this.ctx?.state !== "running" || this.broken) return;
    const now = Date.now();
    if (this.ctx.currentTime !== this.seen.time) this.seen = { at: now, time: this.ctx.currentTime };
    else if (now - this.seen.at > 3_000) this.fail();
  }

  /** play repeats a tone; undefined is silence. Asking again for the same tone changes nothing. */
  play(name: ToneName | undefined) {
    if (name === this.playing) return;
    this.playing = name;
    clearTimeout(this.timer);
    this.hush();
    if (name) this.repeat(name);
  }

  /** hush stops what is heard now, in the middle of a beep. */
  hush() {
    for (const note of this.notes) note.stop();
    this.notes.clear();
  }

  /** once plays a tone one time, whatever else sounds. */
  once(name: ToneName) {
    this.beep(tones[name]);
  }

  /** voice says whether the browser can speak the language without the network. */
  voice(lang: string): boolean {
    if (!("speechSynthesis" in window)) return false;
    return speechSynthesis.getVoices().some((v) => v.localService && v.lang.startsWith(lang.slice(0, 2)));
  }

  /** say speaks with the browser's own voice, if it has one; false means that nobody heard words. */
  say(text: string, lang: string): boolean {
    if (this.state() !== "armed" || !this.voice(lang)) return false;
    speechSynthesis.cancel();
    const u = new SpeechSynthesisUtterance(text);
    u.lang = lang;
    u.volume = this.volume;
    speechSynthesis.speak(u);
    return true;
  }

  private fail() {
    this.broken = true;
    this.changed();
  }

  private repeat(name: ToneName) {
    const length = this.beep(tones[name]);
    this.timer = setTimeout(() => this.repeat(name), length * 1000);
  }

  private beep(tone: Tone): number {
    let at = 0;
    for (const [hz, length, pause] of tone) {
      this.note(hz, at, length);
      at += length + pause;
    }
    return at;
  }

  private note(hz: number, at: number, length: number) {
    if (this.ctx?.state !== "running") return;
    const start = this.ctx.currentTime + at;
    const osc = this.ctx.createOscillator();
    const gain = this.ctx.createGain();
    const loud = 0.3 * this.volume;
    osc.type = "square";
    osc.frequency.value = hz;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(loud, start + 0.01);
    gain.gain.setValueAtTime(loud, start + length - 0.02);
    gain.gain.linearRampToValueAtTime(0, start + length);
    osc.connect(gain).connect(this.ctx.destination);
    this.notes.add(osc);
    osc.onended = () => this.notes.delete(osc);
    osc.start(start);
    osc.stop(start + length);
  }

  private changed() {
    for (const f of this.listeners) f();
  }
}
