import type { Area, NavItem, Page } from "./areas";

// Apart from areas.tsx, which the areas import: a circle of imports does not start.
const found = Object.values(import.meta.glob<{ area: Area }>("./areas/*/area.tsx", { eager: true }));

export const pages: Page[] = found.flatMap((f) => f.area.pages);
export const navigation: NavItem[] = found.flatMap((f) => f.area.nav).sort((a, b) => a.order - b.order);
