import { en } from "./en";
import { zh } from "./zh";

interface Words {
  [key: string]: string | Words;
}

/** Area is the words of one part of the product: `areas/<name>.ts` exports both languages, found under `<name>.…`. */
export interface Area {
  zh: Words;
  en: Words;
}

const files = import.meta.glob<Area>("./areas/*.ts", { eager: true });

function joined(lang: keyof Area, base: Words): Words {
  const out: Words = { ...base };
  for (const [file, area] of Object.entries(files)) {
    const name = /(\w+)\.ts$/.exec(file)?.[1] ?? file;
    if (name in out) throw new Error(`i18n: ${name} is there twice`);
    out[name] = area[lang];
  }
  return out;
}

/** words is every text of the product in both languages. */
export const words = { zh: joined("zh", zh), en: joined("en", en) };
