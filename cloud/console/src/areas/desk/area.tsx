import { type Area, page } from "../../areas";

export const area: Area = {
  pages: [
    { path: "design", element: page(async () => (await import("./Design")).Design) },
    { path: "desk-settings", element: page(async () => (await import("./Settings")).Settings) },
    { path: "seats", element: page(async () => (await import("./Seats")).Seats) },
  ],
  nav: [
    { to: "/seats", label: "desk.seats.title", group: "manage", order: 40 },
    {
      to: "/desk-settings",
      label: "desk.settings.title",
      permission: "alarm.define",
      group: "manage",
      order: 41,
    },
  ],
};
