import { type Area, page } from "../../areas";

export const area: Area = {
  pages: [
    { path: "overrides", element: page(async () => (await import("./Overrides")).Overrides) },
    { path: "definitions", element: page(async () => (await import("./Definitions")).Definitions) },
    { path: "definitions/:id", element: page(async () => (await import("./DefinitionPage")).DefinitionPage) },
    { path: "alarm-report", element: page(async () => (await import("./Report")).Report) },
  ],
  nav: [
    { to: "/overrides", label: "alarms.overrides", permission: "alarm.read", group: "desk", order: 25 },
    { to: "/definitions", label: "alarms.definitions", permission: "alarm.read", group: "manage", order: 12 },
    { to: "/alarm-report", label: "alarms.report", permission: "alarm.report", group: "manage", order: 14 },
  ],
};
