import { type Area, spoken } from "../../areas";

const page = spoken("design", () => import("./words"));

export const area: Area = {
  pages: [
    { path: "design", element: page(async () => (await import("./Workbench")).Workbench) },
    { path: "design/apps/:id", element: page(async () => (await import("./AppPage")).AppPage) },
    {
      path: "design/forms/:id",
      element: page(async () => (await import("./FormDesigner")).FormDesigner),
    },
    {
      path: "design/flows/:id",
      element: page(async () => (await import("./FlowDesigner")).FlowDesigner),
    },
    {
      path: "design/dictionaries/:id",
      element: page(async () => (await import("./DictEditor")).DictEditor),
    },
  ],
  nav: [{ to: "/design", label: "work.design", permission: "app.design", group: "manage", order: 20 }],
};
