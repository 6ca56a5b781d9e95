import { useEffect, useState } from "react";

const everyMs = 60_000;

/** scriptOf is the name of the page's first script, which has a new hash with every build. */
export const scriptOf = (html: string) => /src="([^"]*\/assets\/[^"]+\.js)"/.exec(html)?.[1];

/**
 * useNewBuild says that the server has another console than the one on the screen. It
 * never loads it: a page that loads itself anew loses its sound in the middle of a fire.
 */
export function useNewBuild(): boolean {
  const [is, setIs] = useState(false);
  useEffect(() => {
    const ours = scriptOf(document.documentElement.outerHTML);
    if (!ours) return;
    const look = async () => {
      const html = await fetch("/index.html", { cache: "no-store" }).then((r) => (r.ok ? r.text() : ""));
      const theirs = scriptOf(html);
      if (theirs && theirs !== ours) setIs(true);
    };
    const timer = setInterval(() => void look().catch(() => undefined), everyMs);
    return () => clearInterval(timer);
  }, []);
  return is;
}
