import { type Area, page, spoken } from "../../areas";

const list = spoken("lists", () => import("./words"));

export const area: Area = {
  pages: [
    { path: "todos", element: page(async () => (await import("./Todos")).Todos) },
    { path: "flows/:id", element: page(async () => (await import("./CasePage")).CasePage) },
    { path: "forms", element: page(async () => (await import("./Forms")).Forms) },
    { path: "forms/:form", element: list(async () => (await import("./Records")).Records) },
    {
      path: "forms/:form/records/:id",
      element: list(async () => (await import("./RecordPage")).RecordPage),
    },
    { path: "forms/:form/new", element: page(async () => (await import("./Submit")).Submit) },
  ],
  nav: [
    { to: "/todos", label: "work.todos", permission: "work.use", group: "desk", order: 30 },
    { to: "/forms/hazard", label: "work.hazards", permission: "work.use", group: "desk", order: 31 },
  ],
};
