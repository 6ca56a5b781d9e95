import { Problem } from "../../api/client";

/** problemsOf reads which controls the server complains of. */
export function problemsOf(error: unknown): Record<string, string> {
  const out: Record<string, string> = {};
  if (error instanceof Problem)
    for (const e of error.errors) {
      const m = /^body\.fields\.(.+)$/.exec(e.location ?? "");
      if (m?.[1]) out[m[1]] = e.message ?? "";
    }
  return out;
}

/** summaryOf says once what is said at the fields, or whatever else went wrong. */
export const summaryOf = (error: unknown, words: (e: unknown) => string): string =>
  error instanceof Problem && Object.keys(problemsOf(error)).length > 0 ? error.detail : words(error);
