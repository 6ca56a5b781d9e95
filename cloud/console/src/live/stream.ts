import type { Claim, Seat } from "../api/desk";
import { type Load, loadOf } from "../api/load";
import type { components } from "../api/schema.gen";
import type { Alarm, Edge } from "../api/types";
import { type LinkState, linkState, retryDelay } from "./link";

type Schemas = components["schemas"];

export interface PointValue {
  point: string;
  value: number;
  quality: string;
  at: string;
}

/** Listener is told what came. resync means: what you hold may have a gap, fetch anew. */
export interface Listener {
  alarm?(alarm: Alarm, kind: string): void;
  edge?(edge: Edge): void;
  points?(edge: string, values: PointValue[]): void;
  incident?(id: string, kind: string): void;
  seat?(seat: Seat): void;
  claim?(alarm: string, claim: Claim | null): void;
  load?(load: Load): void;
  override?(id: string): void;
  notice?(count: Schemas["NoticeCount"]): void;
  resync?(): void;
}

export interface LinkInfo {
  state: LinkState;
  /** ms since the last frame; undefined before the first */
  silence?: number;
}

/**
 * Stream is the console's subscription to the server's events. It reconnects by itself
 * and asks for a full resync after each reconnection.
 */
export class Stream {
  private source?: EventSource;
  private lastFrame?: number;
  private readonly started = Date.now();
  private attempt = 0;
  private opened = false;
  /** the newest event received; the server's ping says which one it should be */
  seq = 0;
  private retry?: ReturnType<typeof setTimeout>;
  private readonly listeners = new Set<Listener>();
  private readonly linkListeners = new Set<() => void>();
  private readonly secondListeners = new Set<() => void>();
  private at = Math.floor(Date.now() / 1000) * 1000;
  private ticker?: ReturnType<typeof setInterval>;
  private link: LinkInfo = { state: "connecting" };
  /** server clock minus ours, ms */
  offset = 0;

  start() {
    this.connect();
    this.ticker = setInterval(() => this.tick(), 500);
  }

  stop() {
    clearInterval(this.ticker);
    clearTimeout(this.retry);
    this.source?.close();
  }

  on(l: Listener): () => void {
    this.listeners.add(l);
    return () => this.listeners.delete(l);
  }

  /** subscribe and current make the link usable with useSyncExternalStore. */
  subscribe = (f: () => void): (() => void) => {
    this.linkListeners.add(f);
    return () => this.linkListeners.delete(f);
  };

  current = (): LinkInfo => this.link;

  /** subscribeSecond and second are one clock for the whole page: the server's, in whole seconds. */
  subscribeSecond = (f: () => void): (() => void) => {
    this.secondListeners.add(f);
    return () => this.secondListeners.delete(f);
  };

  second = (): number => this.at;

  /** now is the server's clock as well as we know it. */
  now(): number {
    return Date.now() + this.offset;
  }

  private tick() {
    const now = Date.now();
    const at = Math.floor(this.now() / 1000) * 1000;
    if (at !== this.at) {
      this.at = at;
      for (const f of this.secondListeners) f();
    }
    const state = linkState(now, this.lastFrame, this.started);
    const silence = this.lastFrame === undefined ? undefined : now - this.lastFrame;
    const seconds = (ms?: number) => (ms === undefined ? -1 : Math.floor(ms / 1000));
    if (state === this.link.state && seconds(silence) === seconds(this.link.silence)) return;
    this.link = { state, silence };
    for (const f of this.linkListeners) f();
    // A half-open connection never errors; silence is what counts.
    if (state === "lost" && this.source?.readyState === EventSource.OPEN) this.reconnect();
  }

  private connect() {
    const source = new EventSource("/api/events");
    this.source = source;
    source.onerror = () => this.reconnect();
    const listen = (name: string, f: (data: unknown) => void) =>
      source.addEventListener(name, (e) => {
        const m = e as MessageEvent<string>;
        this.lastFrame = Date.now();
        this.attempt = 0;
        if (name !== "hello" && name !== "ping") this.seq = Number(m.lastEventId) || this.seq;
        f(JSON.parse(m.data));
        this.tick();
      });
    listen("hello", (d) => {
      this.clock(d);
      this.seq = (d as { seq: number }).seq;
      if (this.opened) this.each((l) => l.resync?.());
      this.opened = true;
    });
    listen("ping", (d) => {
      this.clock(d);
      // Frames come in order: one that the server has sent and we have not is lost.
      const sent = (d as { seq: number }).seq;
      if (sent <= this.seq) return;
      this.seq = sent;
      this.each((l) => l.resync?.());
    });
    listen("alarm", (d) => {
      const { alarm, kind } = d as { alarm: Alarm; kind: string };
      this.each((l) => l.alarm?.(alarm, kind));
    });
    listen("edge", (d) => this.each((l) => l.edge?.((d as { edge: Edge }).edge)));
    listen("points", (d) => {
      const { edge, values } = d as { edge: string; values: PointValue[] };
      this.each((l) => l.points?.(edge, values));
    });
    listen("incident", (d) => {
      const { id, kind } = d as { id: string; kind: string };
      this.each((l) => l.incident?.(id, kind));
    });
    listen("seat", (d) => this.each((l) => l.seat?.((d as { seat: Seat }).seat)));
    listen("claim", (d) => {
      const { alarm, claim } = d as { alarm: string; claim: Claim | null };
      this.each((l) => l.claim?.(alarm, claim));
    });
    listen("override", (d) => this.each((l) => l.override?.((d as { id: string }).id)));
    listen("notice", (d) => this.each((l) => l.notice?.(d as Schemas["NoticeCount"])));
    listen("load", (d) => this.each((l) => l.load?.(loadOf(d))));
    listen("resync", () => this.each((l) => l.resync?.()));
  }

  private clock(d: unknown) {
    const at = Date.parse((d as { server_time: string }).server_time);
    if (Number.isFinite(at)) this.offset = at - Date.now();
  }

  private reconnect() {
    this.source?.close();
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), retryDelay(++this.attempt));
  }

  private each(f: (l: Listener) => void) {
    for (const l of this.listeners) f(l);
  }
}
