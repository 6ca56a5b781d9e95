import { type Area, page } from "../../areas";

export const area: Area = {
  pages: [
    { path: "places", element: page(async () => (await import("./Places")).Places) },
    { path: "places/plans", element: page(async () => (await import("./Plans")).Plans) },
    { path: "places/import", element: page(async () => (await import("./Import")).Import) },
  ],
  nav: [
    { to: "/places", label: "places.nav.tree", permission: "fleet.read", group: "manage", order: 20 },
    { to: "/places/plans", label: "places.nav.plans", permission: "fleet.edit", group: "manage", order: 21 },
    {
      to: "/places/import",
      label: "places.nav.import",
      permission: "fleet.edit",
      group: "manage",
      order: 22,
    },
  ],
};
