import { type Area, page } from "../../areas";

export const area: Area = {
  pages: [{ path: "hazard-standards", element: page(async () => (await import("./Standards")).Standards) }],
  nav: [{ to: "/hazard-standards", label: "hazards.title", group: "manage", order: 26 }],
};
