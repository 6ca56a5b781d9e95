import { type Area, spoken } from "../../areas";

const page = spoken("hazards", () => import("./words"));

export const area: Area = {
  pages: [{ path: "hazard-standards", element: page(async () => (await import("./Standards")).Standards) }],
  nav: [{ to: "/hazard-standards", label: "nav.hazardStandards", group: "manage", order: 26 }],
};
