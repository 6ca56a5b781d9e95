import { type ComponentType, lazy, type ReactNode } from "react";
import { bring } from "./i18n";

/** A page of an area and, if it has a place in the navigation, where. */
export interface Page {
  path: string;
  element: ReactNode;
}

/** NavItem is a link of the desk's navigation; without the permission it is not there. */
export interface NavItem {
  to: string;
  label: string;
  permission?: string;
  group: "desk" | "manage";
  order: number;
}

/** Area is a part of the desk that brings its own pages: `areas/<name>/area.tsx` exports one as `area`. */
export interface Area {
  pages: Page[];
  nav: NavItem[];
}

/** page loads a component when it is first opened, so that it is not in the first load. */
export function page(load: () => Promise<ComponentType>): ReactNode {
  const Lazy = lazy(async () => ({ default: await load() }));
  return <Lazy />;
}

/** spoken is page for an area whose words come with its pages: they are many, and few people need them. */
export const spoken =
  <W extends object>(name: string, words: () => Promise<{ zh: W; en: W }>) =>
  (load: () => Promise<ComponentType>): ReactNode =>
    page(async () => {
      const [one, w] = await Promise.all([load(), words()]);
      bring(name, w);
      return one;
    });
