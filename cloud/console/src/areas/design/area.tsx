import { type ComponentType } from "react";
import { type Area, page } from "../../areas";
import { bring } from "../../i18n";

/** The words of the designers are many and few people need them: they come with the pages. */
const designed = (load: () => Promise<ComponentType>) =>
  page(async () => {
    const [one, words] = await Promise.all([load(), import("./words")]);
    bring("design", words);
    return one;
  });

export const area: Area = {
  pages: [
    { path: "design", element: designed(async () => (await import("./Workbench")).Workbench) },
    { path: "design/apps/:id", element: designed(async () => (await import("./AppPage")).AppPage) },
    {
      path: "design/forms/:id",
      element: designed(async () => (await import("./FormDesigner")).FormDesigner),
    },
    {
      path: "design/flows/:id",
      element: designed(async () => (await import("./FlowDesigner")).FlowDesigner),
    },
    {
      path: "design/dictionaries/:id",
      element: designed(async () => (await import("./DictEditor")).DictEditor),
    },
  ],
  nav: [{ to: "/design", label: "work.design", permission: "app.design", group: "manage", order: 20 }],
};
