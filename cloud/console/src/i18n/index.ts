import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { setLanguage } from "../api/client";
import type { Text } from "../api/types";

export type Lang = "zh-CN" | "en";
const key = "anlan.lang";

function stored(): Lang {
  return localStorage.getItem(key) === "en" ? "en" : "zh-CN";
}

function applied(lang: Lang) {
  setLanguage(lang);
  document.documentElement.lang = lang;
}

export interface Words {
  [key: string]: string | Words;
}

/** startLanguage begins with the words of an entry: the desk has all, the phone its own. */
export async function startLanguage(words: { zh: Words; en: Words }) {
  const lng = stored();
  applied(lng);
  await i18next.use(initReactI18next).init({
    lng,
    fallbackLng: "zh-CN",
    resources: { "zh-CN": { translation: words.zh }, en: { translation: words.en } },
    interpolation: { escapeValue: false },
  });
}

export const language = (): Lang => (i18next.language === "en" ? "en" : "zh-CN");

/** switchLanguage changes to the other language at once and remembers it. */
export async function switchLanguage() {
  const next: Lang = language() === "en" ? "zh-CN" : "en";
  localStorage.setItem(key, next);
  applied(next);
  await i18next.changeLanguage(next);
}

/** say picks the phrase in the language in use. */
export function say(text: Text | undefined): string {
  if (!text) return "";
  return language() === "en" && text.en ? text.en : text.zh;
}

/** reworded puts what was typed in the language it was typed in; Chinese is the one that must exist. */
export function reworded(old: Text | undefined, typed: string): Text {
  const now = typed.trim();
  return language() === "en" ? { zh: old?.zh || now, en: now } : { ...old, zh: now };
}

/** bring adds the words of an area that is loaded when it is first opened, under a name of its own. */
export function bring<W extends object>(name: string, words: { zh: W; en: W }) {
  i18next.addResourceBundle("zh-CN", "translation", { [name]: words.zh }, true);
  i18next.addResourceBundle("en", "translation", { [name]: words.en }, true);
}
