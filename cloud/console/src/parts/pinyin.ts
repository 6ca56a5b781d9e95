import { useMemo, useRef, useState } from "react";

type Spell = (text: string) => string[];

let spell: { person: Spell; thing: Spell } | undefined;
let loading: Promise<void> | undefined;

/** loadPinyin brings the readings of characters, which are many: only for who types letters. */
export const loadPinyin = () =>
  (loading ??= import("pinyin-pro").then(
    ({ pinyin }) => {
      const read =
        (surname: "head" | "off"): Spell =>
        (text) =>
          pinyin(text, { toneType: "none", type: "array", nonZh: "spaced", v: true, surname });
      spell = { person: read("head"), thing: read("off") };
    },
    () => {
      loading = undefined; // without a network Chinese is still found; the next letter tries again
    },
  ));

/** Kind says if a name begins with a surname, which is read as one: 单 shan, 曾 zeng, 仇 qiu. */
export type Kind = "person" | "thing";

/** spelled says if a word is a name or part of it, in characters, pinyin, initials or a mixture of them. */
export function spelled(name: string, word: string, kind: Kind): boolean {
  const text = [...name.toLowerCase()];
  const asked = word.toLowerCase().replace(/[\s']/g, "");
  if (!asked || text.join("").includes(asked)) return true;
  const read = spell?.[kind](name) ?? [];
  if (read.length !== text.length) return false;
  const from = (rest: string, i: number): boolean => {
    const character = text[i];
    if (rest === "") return true;
    if (character === undefined) return false;
    if (/\s/.test(character)) return from(rest, i + 1);
    if (rest.startsWith(character) && from(rest.slice(character.length), i + 1)) return true;
    const sound = (read[i] ?? "").toLowerCase();
    for (let n = sound.length; n > 0; n--)
      if (rest.startsWith(sound.slice(0, n)) && from(rest.slice(n), i + 1)) return true;
    return false;
  };
  return text.some((_, i) => from(asked, i));
}

/** useSpelled is spelled for lists on a page: they find by pinyin as soon as its readings are there. */
export function useSpelled() {
  const [ready, setReady] = useState(spell !== undefined);
  const asked = useRef(false);
  return useMemo(
    () =>
      (name: string, word: string, kind: Kind = "person") => {
        if (!ready && !asked.current && /[a-z]/i.test(word)) {
          asked.current = true;
          void loadPinyin().then(() => {
            asked.current = false;
            setReady(spell !== undefined);
          });
        }
        return spelled(name, word.trim(), kind);
      },
    [ready],
  );
}
