import { type Area, spoken } from "../../areas";

const page = spoken("risks", () => import("./words"));

export const area: Area = {
  pages: [{ path: "risks", element: page(async () => (await import("./Risks")).Risks) }],
  nav: [{ to: "/risks", label: "nav.risks", permission: "work.use", group: "desk", order: 32 }],
};
