import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Tabs } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { get } from "../../api/client";
import { namesOf } from "../../cond/fields";
import { sentence } from "../../cond/sentence";
import type { Text } from "../../api/types";
import { language, say } from "../../i18n";
import { Page } from "../../parts/Page";
import { Loaded } from "../../parts/states";
import type { Dict, Field } from "../work/api";
import { useCondFields } from "../work/condfields";
import { FlowTree } from "../work/FlowTree";
import "../work/work.css";
import "./design.css";
import { aboutNode } from "./FlowDesigner";
import * as flow from "./flowedit";
import type { Body } from "./formedit";
import { InstallDialog } from "./InstallDialog";
import { useWords } from "./People";
import { Preview } from "./Preview";
import { type Template, TemplateVerbs } from "./Templates";
import "./templates.css";
import "./templatewords";

/** TemplatePage shows a template as it would be, before anything is installed. */
export function TemplatePage() {
  const { id = "" } = useParams();
  const query = useQuery({
    queryKey: ["templates", id],
    queryFn: () => get<Template>(`/api/templates/${id}`),
  });
  return (
    <Loaded query={query} lines={8}>
      {(x) => <Sheet key={x.key} x={x} />}
    </Loaded>
  );
}

function Sheet({ x }: { x: Template }) {
  const { t } = useTranslation();
  const [installing, setInstalling] = useState(false);
  const docs = x.documents ?? [];
  const dicts = useShownDicts(x);
  const body = (key: string) =>
    docs.find((d) => d.kind === "form" && d.key === key)?.body as Body | undefined;
  return (
    <Page
      title={
        <>
          <Link to="/workbench/templates">{t("templates.title")}</Link> / {say(x.title)}
        </>
      }
      about={say(x.description)}
      verbs={<TemplateVerbs x={x} install={() => setInstalling(true)} />}
    >
      {(x.sources ?? []).map((s, i) => (
        <p key={i} className="template-sources">
          {t("templates.sources")}：{say(s.cite)}
          <br />
          {t(s.verified ? "templates.verified" : "templates.unverified")}
        </p>
      ))}
      <Tabs
        items={docs.map((d) => ({
          key: `${d.kind}:${d.key}`,
          label: t(`templates.${d.kind}`, { name: say(d.title) }),
          children:
            d.kind === "form" ? (
              <Preview body={shown(d.body as Body, docs, dicts, (form) => t("templates.pick", { form }))} />
            ) : d.kind === "flow" ? (
              <Flow of={d.body as flow.Body} fields={body((d.body as flow.Body).form)?.fields ?? []} />
            ) : (
              <Items items={(d.body as Dict).items ?? []} />
            ),
        }))}
      />
      {installing && <InstallDialog template={x} close={() => setInstalling(false)} />}
    </Page>
  );
}

const asTemplate = (key: string) => `template/${key}`;

/** useShownDicts puts the template's dictionaries where its form looks for them, under names of their own. */
function useShownDicts(x: Template): Set<string> {
  const client = useQueryClient();
  const [names] = useState(() => {
    const of = (x.documents ?? []).filter((d) => d.kind === "dict");
    for (const d of of) {
      client.setQueryDefaults(["dictionary", asTemplate(d.key)], { staleTime: Infinity });
      client.setQueryData(["dictionary", asTemplate(d.key)], d.body);
    }
    return new Set(of.map((d) => d.key));
  });
  return names;
}

/** shown is a form that nothing has been installed of: its dictionaries are the template's, its links only named. */
function shown(
  body: Body,
  docs: NonNullable<Template["documents"]>,
  dicts: Set<string>,
  pick: (form: string) => string,
): Body {
  const one = (f: Field): Field => {
    if (f.type === "link") {
      const name = say(docs.find((d) => d.kind === "form" && d.key === f.form)?.title);
      const hint = { zh: pick(name), en: pick(name) };
      return {
        key: f.key,
        type: "text",
        label: f.label,
        width: f.width,
        placeholder: hint,
        required: f.required,
      };
    }
    return {
      ...f,
      ...(f.dict && dicts.has(f.dict) ? { dict: asTemplate(f.dict) } : {}),
      ...(f.fields ? { fields: f.fields.map(one) } : {}),
    };
  };
  return { ...body, fields: body.fields.map(one) };
}

function Flow({ of, fields }: { of: flow.Body; fields: Field[] }) {
  const { t } = useTranslation();
  const plain = fields.filter((f) => !f.dict);
  const cond = useCondFields(plain);
  const who = useWords(fields, flow.all(of.nodes));
  return (
    <div className="template-flow" id="template-flow">
      <FlowTree
        nodes={of.nodes}
        hands={{
          selected: undefined,
          wrong: new Set(),
          select: () => undefined,
          plus: () => null,
          about: (n) => aboutNode(n, who(n.who), (key) => t(key)),
          when: (b) => (b.when ? sentence(b.when, language(), namesOf(cond)) : t("work.otherwise")),
        }}
      />
    </div>
  );
}

interface Item {
  code: string;
  label: Text;
  items?: Item[];
}

function Items({ items }: { items: Item[] }) {
  return (
    <ul className="template-list">
      {items.map((i) => (
        <li key={i.code}>
          {say(i.label)}
          {i.items && i.items.length > 0 && <Items items={i.items} />}
        </li>
      ))}
    </ul>
  );
}
