import { type Area, page } from "../../areas";

export const area: Area = {
  pages: [
    { path: "todos", element: page(async () => (await import("./Todos")).Todos) },
    { path: "flows/:id", element: page(async () => (await import("./CasePage")).CasePage) },
    { path: "forms", element: page(async () => (await import("./Forms")).Forms) },
    { path: "forms/:form", element: page(async () => (await import("./Records")).Records) },
    { path: "forms/:form/new", element: page(async () => (await import("./Submit")).Submit) },
  ],
  nav: [
    { to: "/todos", label: "work.todos", permission: "work.use", group: "desk", order: 30 },
    { to: "/forms/hazard", label: "work.hazards", permission: "work.use", group: "desk", order: 31 },
    { to: "/forms", label: "work.forms", permission: "work.use", group: "desk", order: 32 },
  ],
};
