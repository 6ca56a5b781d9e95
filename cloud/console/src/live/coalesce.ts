/**
 * Frames gathers what comes within one animation frame, so that a flood costs one update
 * a frame. A hidden page has no frames: there a short timer does it.
 */
export class Frames<T> {
  private queue: T[] = [];
  private frame = 0;
  private timer?: ReturnType<typeof setTimeout>;

  constructor(private readonly flush: (items: T[]) => void) {}

  push(item: T) {
    this.queue.push(item);
    if (this.frame || this.timer) return;
    if (document.visibilityState === "visible") this.frame = requestAnimationFrame(() => this.run());
    // A window that is covered may have no frames either: nothing waits longer than this.
    this.timer = setTimeout(() => this.run(), 250);
  }

  stop() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.frame = 0;
    this.timer = undefined;
    this.queue = [];
  }

  private run() {
    const items = this.queue;
    this.stop();
    if (items.length > 0) this.flush(items);
  }
}

/**
 * Throttle does each named thing at once and then at most once per interval, the last
 * time always included: what alarms make stale is fetched again without a storm.
 */
export class Throttle {
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly again = new Map<string, () => void>();

  constructor(private readonly everyMs: number) {}

  do(name: string, act: () => void) {
    if (this.timers.has(name)) {
      this.again.set(name, act);
      return;
    }
    act();
    this.timers.set(
      name,
      setTimeout(() => {
        this.timers.delete(name);
        const next = this.again.get(name);
        this.again.delete(name);
        if (next) this.do(name, next);
      }, this.everyMs),
    );
  }

  stop() {
    for (const t of this.timers.values()) clearTimeout(t);
    this.timers.clear();
    this.again.clear();
  }
}
