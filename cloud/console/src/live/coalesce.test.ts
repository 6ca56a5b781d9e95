import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Frames, Throttle } from "./coalesce";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("Frames", () => {
  it("flushes all of a frame once, in order, and loses nothing", () => {
    const seen: number[][] = [];
    const frames = new Frames<number>((items) => seen.push(items));
    for (let i = 0; i < 1000; i++) frames.push(i);
    vi.advanceTimersByTime(300);
    expect(seen.length).toBe(1);
    frames.push(1000);
    vi.advanceTimersByTime(300);
    expect(seen.flat()).toEqual(Array.from({ length: 1001 }, (_, i) => i));
  });
  it("a stopped one flushes nothing", () => {
    const flush = vi.fn();
    const frames = new Frames<number>(flush);
    frames.push(1);
    frames.stop();
    vi.advanceTimersByTime(1000);
    expect(flush).not.toHaveBeenCalled();
  });
});

describe("Throttle", () => {
  it("does the first at once, the rest once per interval, the last always", () => {
    const done: string[] = [];
    const t = new Throttle(2000);
    for (let i = 0; i < 100; i++) t.do("overview", () => done.push(`o${i}`));
    t.do("building", () => done.push("b"));
    expect(done).toEqual(["o0", "b"]);
    vi.advanceTimersByTime(2000);
    expect(done).toEqual(["o0", "b", "o99"]);
    vi.advanceTimersByTime(10_000);
    expect(done).toEqual(["o0", "b", "o99"]);
  });
});
