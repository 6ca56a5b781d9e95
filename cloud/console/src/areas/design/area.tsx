import { type Area, spoken } from "../../areas";

const page = spoken("design", () => import("./words"));
const times = spoken("flowtimes", () => import("./flowtimes"));

export const area: Area = {
  pages: [
    { path: "workbench", element: page(async () => (await import("./Workbench")).Workbench) },
    {
      path: "workbench/templates",
      element: page(async () => (await import("./Templates")).Templates),
    },
    {
      path: "workbench/templates/:id",
      element: page(async () => (await import("./TemplatePage")).TemplatePage),
    },
    { path: "workbench/apps/:id", element: page(async () => (await import("./AppPage")).AppPage) },
    {
      path: "workbench/forms/:id",
      element: page(async () => (await import("./FormDesigner")).FormDesigner),
    },
    {
      path: "workbench/flows/:id",
      element: page(async () => (await import("./FlowDesigner")).FlowDesigner),
    },
    {
      path: "workbench/flows/:id/times",
      element: times(async () => (await import("./FlowTimes")).FlowTimes),
    },
    {
      path: "workbench/dictionaries/:id",
      element: page(async () => (await import("./DictEditor")).DictEditor),
    },
    {
      path: "workbench/checklists/:id",
      element: page(async () => (await import("./ChecklistEditor")).ChecklistEditor),
    },
    {
      path: "workbench/calendars/:id",
      element: page(async () => (await import("./CalendarEditor")).CalendarEditor),
    },
  ],
  nav: [{ to: "/workbench", label: "work.design", permission: "app.design", group: "manage", order: 20 }],
};
