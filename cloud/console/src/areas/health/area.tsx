import { type Area, spoken } from "../../areas";

const page = spoken("health", () => import("./words"));

export const area: Area = {
  pages: [{ path: "health", element: page(async () => (await import("./Health")).Health) }],
  nav: [{ to: "/health", label: "nav.health", permission: "alarm.report", group: "manage", order: 16 }],
};
