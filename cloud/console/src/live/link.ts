/**
 * The link to the server, judged by silence alone. A console that looks calm while it is
 * cut off is the worst failure, so every second without a frame counts: after 6 s the
 * screen is stale (grey, with its age), after 10 s it is heard.
 */
export type LinkState = "connecting" | "alive" | "stale" | "lost";

export const staleAfterMs = 6_000;
export const lostAfterMs = 10_000;

/** linkState is a pure function of when the last frame came. started is when the page began to listen. */
export function linkState(now: number, lastFrame: number | undefined, started: number): LinkState {
  if (lastFrame === undefined) return now - started >= lostAfterMs ? "lost" : "connecting";
  const silence = now - lastFrame;
  if (silence >= lostAfterMs) return "lost";
  return silence >= staleAfterMs ? "stale" : "alive";
}

/** retryDelay is how long to wait before the n-th attempt (from 1) to reach the server again, in ms. */
export function retryDelay(attempt: number): number {
  return Math.min(500 * 2 ** Math.max(0, attempt - 1), 4_000);
}
