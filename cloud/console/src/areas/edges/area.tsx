import { type Area, spoken } from "../../areas";

const page = spoken("edges", () => import("./words"));

export const area: Area = {
  pages: [{ path: "edges", element: page(async () => (await import("./Edges")).Edges) }],
  nav: [{ to: "/edges", label: "nav.edges", permission: "edge.enrol", group: "manage", order: 30 }],
};
