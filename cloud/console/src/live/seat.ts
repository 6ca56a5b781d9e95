import { Problem, request, post } from "../api/client";
import type { Seat, SeatKind } from "../api/desk";
import type { Alarm } from "../api/types";
import type { Player } from "../sound/player";
import type { Stream } from "./stream";

const beatEveryMs = 5_000;
const batchMax = 100;
const nameKey = "anlan.seat.name";

export interface SeatInfo {
  seat?: Seat;
  onWatch: number;
  /** the server's version, and the one this page was loaded with */
  version?: string;
  loaded?: string;
}

interface Beat {
  seat: Seat;
  on_watch: number;
  version: string;
}

/** A tab is a seat: the id stays when the page is loaded again, and is another one in another tab. */
function tabID(): string {
  const key = "anlan.seat";
  const old = sessionStorage.getItem(key);
  if (old) return old;
  const made = `seat-${[...crypto.getRandomValues(new Uint32Array(2))].map((n) => n.toString(36)).join("")}`;
  sessionStorage.setItem(key, made);
  return made;
}

export const seatName = () => localStorage.getItem(nameKey) ?? "";

/**
 * SeatLink tells the server every five seconds whether a person at this console could
 * see and hear an alarm, and which occurrences it has really painted.
 */
export class SeatLink {
  readonly id = tabID();
  private info: SeatInfo = { onWatch: 0 };
  private taken = false;
  private kind: SeatKind = "view";
  private timer?: ReturnType<typeof setInterval>;
  private input = Date.now();
  private muted = false;
  private painted = new Set<string>();
  private queue: { alarm: string; count: number; at: string }[] = [];
  private sending = false;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly stream: Stream,
    private readonly player: Player,
  ) {}

  subscribe = (f: () => void): (() => void) => {
    this.listeners.add(f);
    return () => this.listeners.delete(f);
  };

  current = (): SeatInfo => this.info;

  /** start takes the seat and keeps it until the returned function is called. */
  start(kind: SeatKind): () => void {
    this.kind = kind;
    this.taken = false;
    const touched = () => (this.input = Date.now());
    const now = () => void this.beat();
    const events = ["keydown", "pointerdown", "wheel", "pointermove"] as const;
    for (const e of events) addEventListener(e, touched, { passive: true });
    document.addEventListener("visibilitychange", now);
    const off = this.player.subscribe(now);
    this.timer = setInterval(now, beatEveryMs);
    now();
    return () => {
      clearInterval(this.timer);
      off();
      document.removeEventListener("visibilitychange", now);
      for (const e of events) removeEventListener(e, touched);
    };
  }

  /** rename says what people call this place. */
  rename(name: string) {
    localStorage.setItem(nameKey, name.trim().slice(0, 40));
    this.taken = false;
    void this.beat();
  }

  setMuted(muted: boolean) {
    if (muted === this.muted) return;
    this.muted = muted;
    void this.beat();
  }

  /** leave gives the seat up, as signing out does. */
  async leave() {
    clearInterval(this.timer);
    await request("DELETE", `/api/seats/${this.id}`).catch(() => undefined);
  }

  /** paint notes occurrences that are on the screen now; the server is told in batches. */
  paint(alarms: Alarm[]) {
    const at = new Date(this.stream.now()).toISOString();
    for (const a of alarms) {
      const key = `${a.id}/${a.count}`;
      if (this.painted.has(key)) continue;
      this.painted.add(key);
      this.queue.push({ alarm: a.id, count: a.count, at });
    }
    void this.send();
  }

  /** unpainted are the occurrences that have not been noted yet. */
  unpainted(alarms: Alarm[]): Alarm[] {
    return alarms.filter((a) => !this.painted.has(`${a.id}/${a.count}`));
  }

  private async send() {
    if (this.sending || !this.taken) return;
    this.sending = true;
    try {
      while (this.queue.length > 0) {
        const batch = this.queue.slice(0, batchMax);
        await post(`/api/seats/${this.id}/painted`, batch);
        this.queue.splice(0, batch.length);
        // In a flood every frame paints something: a short breath makes one batch of many.
        await new Promise((done) => setTimeout(done, 200));
      }
    } catch (e) {
      // A refusal will be one again; anything else is tried with the next heartbeat.
      if (e instanceof Problem && e.status === 422) this.queue = [];
    } finally {
      this.sending = false;
    }
  }

  private async beat() {
    try {
      if (!this.taken) {
        await post<Seat>("/api/seats", {
          id: this.id,
          name: seatName() || this.id.slice(5, 9),
          kind: this.kind,
          browser: navigator.userAgent.slice(0, 200),
        });
        this.taken = true;
      }
      const state = this.player.state();
      const b = await post<Beat>(`/api/seats/${this.id}/heartbeat`, {
        visible: document.visibilityState === "visible",
        sound: state === "armed" && this.muted ? "muted" : state,
        painted_seq: this.stream.seq,
        idle_ms: Math.min(Math.max(0, Date.now() - this.input), 604_800_000),
      });
      this.set({
        seat: b.seat,
        onWatch: b.on_watch,
        version: b.version,
        loaded: this.info.loaded ?? b.version,
      });
    } catch (e) {
      // The seat was given away or is not known any more: take it anew.
      if (e instanceof Problem && (e.status === 404 || e.status === 409)) this.taken = false;
    }
    void this.send();
  }

  private set(info: SeatInfo) {
    this.info = info;
    for (const f of this.listeners) f();
  }
}
