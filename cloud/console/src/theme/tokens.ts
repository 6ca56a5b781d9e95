/** Colours of the whole product. Normal is quiet; colour means that something wants a person. */
export type Mode = "night" | "day";

/** The four priorities, worst first. */
export const priorities = ["critical", "major", "minor", "notice"] as const;
type Priority = (typeof priorities)[number];

/** The four colours of risk that the law knows (红橙黄蓝); a shape goes with each. */
const risks = ["red", "orange", "yellow", "blue"] as const;

/** Surfaces are what text may stand on. */
export const surfaces = ["ground", "panel", "raised", "selected"] as const;

/**
 * A priority has three colours: itself (shapes, borders), `-ink` (text in it, readable on
 * every surface) and `-fill` (a filled chip, whose text is `on-fill`).
 */
export type Tokens = Record<
  | (typeof surfaces)[number]
  | "line"
  | "text"
  | "quiet"
  | "accent"
  | "accent-ink"
  | "hatch"
  | "drill"
  | "on-fill"
  | `risk-${(typeof risks)[number]}`
  | Priority
  | `${Priority}-ink`
  | `${Priority}-fill`,
  string
>;

const fills = {
  "critical-fill": "#ff6b3d",
  "major-fill": "#ffb224",
  "minor-fill": "#6cb6ff",
  "notice-fill": "#b3bfcc",
  "on-fill": "#000000",
  "risk-red": "#e0342b",
  "risk-orange": "#f08a1d",
  "risk-yellow": "#e5c100",
  "risk-blue": "#3b82d8",
};

export const tokens: Record<Mode, Tokens> = {
  night: {
    ground: "#10141a",
    panel: "#171d25",
    raised: "#1f2731",
    selected: "#1b2a3e",
    line: "#2c3643",
    text: "#e6ebf1",
    quiet: "#a9b6c4",
    accent: "#4c9ffe",
    "accent-ink": "#86bfff",
    critical: "#ff6b3d",
    major: "#ffb224",
    minor: "#6cb6ff",
    notice: "#9aa7b5",
    "critical-ink": "#ff9b7a",
    "major-ink": "#ffb224",
    "minor-ink": "#8cc6ff",
    "notice-ink": "#b3bfcc",
    hatch: "#3a4450",
    drill: "#b794f4",
    ...fills,
  },
  day: {
    ground: "#f4f6f8",
    panel: "#ffffff",
    raised: "#ffffff",
    selected: "#e8f1fd",
    line: "#d3dae2",
    text: "#1b2530",
    quiet: "#434f60",
    accent: "#1668dc",
    "accent-ink": "#0f4ea8",
    critical: "#d9480f",
    major: "#b7791f",
    minor: "#2b6cb0",
    notice: "#64748b",
    "critical-ink": "#8a2b05",
    "major-ink": "#664107",
    "minor-ink": "#1a487c",
    "notice-ink": "#3f4a5a",
    hatch: "#cbd5e1",
    drill: "#6d28d9",
    ...fills,
  },
};

/** applyTokens writes the tokens as CSS variables; every stylesheet and chart reads them from there. */
export function applyTokens(mode: Mode) {
  const root = document.documentElement;
  root.dataset["mode"] = mode;
  root.style.colorScheme = mode === "night" ? "dark" : "light";
  for (const [name, value] of Object.entries(tokens[mode])) root.style.setProperty(`--${name}`, value);
}

/** luminance of #rrggbb as WCAG defines it. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const v = parseInt(hex.slice(i, i + 2), 16) / 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** contrast of two colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}
