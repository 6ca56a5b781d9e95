import { type Area, page } from "../../areas";

export const area: Area = {
  pages: [{ path: "edges", element: page(async () => (await import("./Edges")).Edges) }],
  nav: [{ to: "/edges", label: "edges.title", permission: "edge.enrol", group: "manage", order: 30 }],
};
