import { type Area, spoken } from "../../areas";

const page = spoken("notices", () => import("./words"));

export const area: Area = {
  pages: [
    { path: "notices", element: page(async () => (await import("./Notices")).Notices) },
    { path: "notices/deliveries", element: page(async () => (await import("./Deliveries")).Deliveries) },
  ],
  nav: [],
};
