/** The one way the console talks to the cloud. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly errors: { location?: string; message?: string }[] = [],
  ) {
    super(detail);
  }
}

let language = "zh-CN";

/** setLanguage chooses the language the server answers problems in. */
export function setLanguage(lang: string) {
  language = lang;
}

export async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        "Accept-Language": language,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem(0, "");
  }
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  if (!response.ok) throw problemOf(response.status, text);
  return (text ? withLists(JSON.parse(text), "items") : undefined) as T;
}

/** The lists of each kind of answer, which the server may send as null when they are empty. */
const listKeys = new Set([
  ...["alarms", "buckets", "buildings", "devices", "edges", "events", "actions", "floors", "items"],
  ...[
    "permissions",
    "claims",
    "contacts",
    "points",
    "problems",
    "prohibits",
    "roles",
    "rules",
    "tasks",
    "timeline",
    "unit_entrances",
    "waits_for",
  ],
]);

/** withLists makes every empty list a list, so that nobody has to ask for null. */
export function withLists(value: unknown, key: string): unknown {
  if (value === null) return listKeys.has(key) ? [] : null;
  if (Array.isArray(value)) return value.map((v) => withLists(v, ""));
  if (typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value as object).map(([k, v]) => [k, withLists(v, k)]));
}

function problemOf(status: number, text: string): Problem {
  try {
    const p = JSON.parse(text) as { detail?: string; title?: string; errors?: Problem["errors"] };
    return new Problem(status, p.detail ?? p.title ?? "", p.errors);
  } catch {
    return new Problem(status, text.slice(0, 200));
  }
}

export const get = <T>(path: string) => request<T>("GET", path);
export const post = <T>(path: string, body: unknown = {}) => request<T>("POST", path, body);
