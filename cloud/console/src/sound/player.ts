import { type Tone, tones } from "./tones";

/** What the browser lets us do. Only "armed" can be heard. */
export type SoundState = "unarmed" | "armed" | "blocked";

/** Player repeats one tone until told otherwise. Everything is made here, so it works with the network gone. */
export class Player {
  private ctx?: AudioContext;
  private playing?: keyof typeof tones;
  private timer?: ReturnType<typeof setTimeout>;
  private readonly listeners = new Set<() => void>();

  subscribe = (f: () => void): (() => void) => {
    this.listeners.add(f);
    return () => this.listeners.delete(f);
  };

  state = (): SoundState => {
    if (!this.ctx) return "unarmed";
    return this.ctx.state === "running" ? "armed" : "blocked";
  };

  /** arm must be called from a person's key or click; it lets the tone be heard once. */
  async arm() {
    this.ctx ??= new AudioContext();
    this.ctx.onstatechange = () => this.changed();
    await this.ctx.resume();
    this.beep([[660, 0.15, 0]]);
    this.changed();
  }

  /** play repeats a tone; undefined is silence. Asking again for the same tone changes nothing. */
  play(name: keyof typeof tones | undefined) {
    if (name === this.playing) return;
    this.playing = name;
    clearTimeout(this.timer);
    if (name) this.repeat(name);
  }

  /** say speaks with the browser's own voice, if it has one. */
  say(text: string, lang: string) {
    if (!("speechSynthesis" in window) || this.state() !== "armed") return;
    speechSynthesis.cancel();
    const u = new SpeechSynthesisUtterance(text);
    u.lang = lang;
    speechSynthesis.speak(u);
  }

  private repeat(name: keyof typeof tones) {
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
    osc.type = "square";
    osc.frequency.value = hz;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.25, start + 0.01);
    gain.gain.setValueAtTime(0.25, start + length - 0.02);
    gain.gain.linearRampToValueAtTime(0, start + length);
    osc.connect(gain).connect(this.ctx.destination);
    osc.start(start);
    osc.stop(start + length);
  }

  private changed() {
    for (const f of this.listeners) f();
  }
}
