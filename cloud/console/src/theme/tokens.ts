/** Colours of the whole product. Normal is quiet; colour means that something wants a person. */
export type Mode = "night" | "day";

export interface Tokens {
  ground: string;
  panel: string;
  raised: string;
  line: string;
  text: string;
  quiet: string;
  accent: string;
  critical: string;
  major: string;
  minor: string;
  notice: string;
  hatch: string;
  drill: string;
}

export const tokens: Record<Mode, Tokens> = {
  night: {
    ground: "#10141a",
    panel: "#171d25",
    raised: "#1f2731",
    line: "#2c3643",
    text: "#e6ebf1",
    quiet: "#93a1b1",
    accent: "#4c9ffe",
    critical: "#ff6b3d",
    major: "#ffb224",
    minor: "#6cb6ff",
    notice: "#9aa7b5",
    hatch: "#3a4450",
    drill: "#b794f4",
  },
  day: {
    ground: "#f4f6f8",
    panel: "#ffffff",
    raised: "#ffffff",
    line: "#dde3ea",
    text: "#1b2530",
    quiet: "#5f6f80",
    accent: "#1668dc",
    critical: "#d9480f",
    major: "#b7791f",
    minor: "#2b6cb0",
    notice: "#64748b",
    hatch: "#cbd5e1",
    drill: "#7c3aed",
  },
};

/** applyTokens writes the tokens as CSS variables; every stylesheet and chart reads them from there. */
export function applyTokens(mode: Mode) {
  const root = document.documentElement;
  root.dataset["mode"] = mode;
  root.style.colorScheme = mode === "night" ? "dark" : "light";
  for (const [name, value] of Object.entries(tokens[mode])) root.style.setProperty(`--${name}`, value);
}
