import { type Area, spoken } from "../../areas";

const page = spoken("people", () => import("./words"));

export const area: Area = {
  pages: [
    { path: "people", element: page(async () => (await import("./People")).People) },
    { path: "organisation", element: page(async () => (await import("./Organisation")).Organisation) },
    { path: "roles", element: page(async () => (await import("./Roles")).Roles) },
    { path: "keys", element: page(async () => (await import("./Keys")).Keys) },
    { path: "audit", element: page(async () => (await import("./Audit")).Audit) },
    { path: "sign-in", element: page(async () => (await import("./SignIn")).SignIn) },
    { path: "account", element: page(async () => (await import("./Account")).Account) },
  ],
  nav: [
    { to: "/people", label: "people.nav.people", permission: "user.manage", group: "manage", order: 10 },
    {
      to: "/organisation",
      label: "people.nav.organisation",
      permission: "user.manage",
      group: "manage",
      order: 11,
    },
    { to: "/roles", label: "people.nav.roles", permission: "user.manage", group: "manage", order: 12 },
    { to: "/sign-in", label: "people.nav.signIn", permission: "user.manage", group: "manage", order: 13 },
    { to: "/keys", label: "people.nav.keys", permission: "key.manage", group: "manage", order: 14 },
    { to: "/audit", label: "people.nav.audit", permission: "audit.read", group: "manage", order: 15 },
  ],
};
