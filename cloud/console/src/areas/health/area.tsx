import { type Area, page } from "../../areas";

export const area: Area = {
  pages: [{ path: "health", element: page(async () => (await import("./Health")).Health) }],
  nav: [{ to: "/health", label: "health.title", permission: "alarm.report", group: "manage", order: 16 }],
};
