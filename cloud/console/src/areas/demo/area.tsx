import { type Area, spoken } from "../../areas";

const page = spoken("demo", () => import("./words"));

export const area: Area = {
  pages: [{ path: "demo", element: page(async () => (await import("./Demo")).Demo) }],
  nav: [{ to: "/demo", label: "nav.demo", permission: "user.manage", group: "manage", order: 90 }],
};
