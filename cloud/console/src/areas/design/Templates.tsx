import { useQuery } from "@tanstack/react-query";
import { Button, Input, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { get } from "../../api/client";
import type { components } from "../../api/schema.gen";
import { say } from "../../i18n";
import { Page } from "../../parts/Page";
import { Empty, Loaded } from "../../parts/states";
import "../work/work.css";
import "./design.css";
import { AppIcon } from "./AppIcon";
import { InstallDialog } from "./InstallDialog";
import "./templates.css";
import "./templatewords";

export type Template = components["schemas"]["WorkTemplate"];

const categories = ["service", "permit", "equipment", "safety", "site", "office"] as const;

export const useTemplates = () =>
  useQuery({ queryKey: ["templates"], queryFn: () => get<Template[]>("/api/templates") });

/** Templates is the shelf of ready-made apps. */
export function Templates() {
  const { t } = useTranslation();
  const [category, setCategory] = useState<string>("all");
  const [word, setWord] = useState("");
  const [installing, setInstalling] = useState<Template>();
  const has = (x: Template) =>
    [x.title, x.description, ...(x.documents ?? []).map((d) => d.title)]
      .map((s) => `${s.zh} ${s.en}`)
      .join(" ")
      .toLowerCase()
      .includes(word.trim().toLowerCase());
  return (
    <Page
      title={
        <>
          <Link to="/workbench">{t("design.title")}</Link> / {t("templates.title")}
        </>
      }
      about={t("templates.about")}
    >
      <div className="template-filters">
        <Segmented
          value={category}
          onChange={setCategory}
          options={[
            { value: "all", label: t("templates.all") },
            ...categories.map((c) => ({ value: c, label: t(`templates.categories.${c}`) })),
          ]}
        />
        <Input.Search
          id="find-template"
          allowClear
          aria-label={t("templates.find")}
          placeholder={t("templates.find")}
          value={word}
          onChange={(e) => setWord(e.target.value)}
        />
      </div>
      <Loaded query={useTemplates()} lines={8}>
        {(all) => {
          const list = all.filter((x) => (category === "all" || x.category === category) && has(x));
          if (list.length === 0) return <Empty>{t("templates.none")}</Empty>;
          return (
            <ul className="template-cards" id="templates">
              {list.map((x) => (
                <Card key={x.key} x={x} install={() => setInstalling(x)} />
              ))}
            </ul>
          );
        }}
      </Loaded>
      {installing && <InstallDialog template={installing} close={() => setInstalling(undefined)} />}
    </Page>
  );
}

function Card({ x, install }: { x: Template; install: () => void }) {
  const { t } = useTranslation();
  return (
    <li className="template-card" data-template={x.key}>
      <AppIcon icon={x.icon ?? x.category} />
      <div>
        <h2>
          {say(x.title)}
          {x.standing !== "none" && (
            <span className="template-standing">{t(`templates.standing.${x.standing}`)}</span>
          )}
        </h2>
        <p>{say(x.description)}</p>
        <p className="quiet">{useInside(x)}</p>
      </div>
      <div className="template-verbs">
        <TemplateVerbs x={x} install={install}>
          <Link to={`/workbench/templates/${x.key}`}>
            <Button size="small">{t("templates.preview")}</Button>
          </Link>
        </TemplateVerbs>
      </div>
    </li>
  );
}

/** useInside says what is in a template. */
function useInside(x: Template): string {
  const { t } = useTranslation();
  const docs = x.documents ?? [];
  const of = (kind: string) => docs.filter((d) => d.kind === kind);
  return [
    ...(["form", "flow", "dict"] as const).map((k) =>
      of(k).length > 0 ? t(`templates.inside.${k}`, { n: of(k).length }) : "",
    ),
    t("templates.inside.fields", { n: of("form").reduce((n, d) => n + (d.fields ?? 0), 0) }),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** TemplateVerbs are what can be done with a template as it stands here. */
export function TemplateVerbs({
  x,
  install,
  children,
}: {
  x: Template;
  install: () => void;
  children?: React.ReactNode;
}) {
  const { t } = useTranslation();
  const size = children ? "small" : "middle";
  return (
    <>
      {children}
      {x.standing !== "none" && (
        <Link to={`/workbench/apps/${x.key}`}>
          <Button size={size}>
            {t(x.standing === "removed" ? "templates.toRestore" : "templates.openApp")}
          </Button>
        </Link>
      )}
      <Button
        size={size}
        type={x.standing === "none" ? "primary" : "default"}
        data-install={x.key}
        onClick={install}
      >
        {t(x.standing === "none" ? "templates.install" : "templates.again")}
      </Button>
    </>
  );
}
