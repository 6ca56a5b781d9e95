import { type Area, page } from "../../areas";

export const area: Area = {
  pages: [{ path: "notices", element: page(async () => (await import("./Notices")).Notices) }],
  nav: [],
};
