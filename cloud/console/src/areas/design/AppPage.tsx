import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown, Input, Popconfirm, Popover, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { reworded, say } from "../../i18n";
import { Page } from "../../parts/Page";
import { Empty, Loaded, Loading, useProblemText } from "../../parts/states";
import "../work/work.css";
import {
  type AppBody,
  type Detail,
  type Head,
  type Kind,
  keys,
  saveApp,
  useDocument,
  useDocuments,
} from "./api";
import { AppIcon, IconChoice } from "./AppIcon";
import "./design.css";
import { NewDocument } from "./NewDocument";
import { NewFlow } from "./NewFlow";
import { RemoveApp, RemovedApp, useStanding } from "./RemoveApp";
import { DocumentCard } from "./Workbench";

/** AppPage is one app: its forms, flows and dictionaries. */
export function AppPage() {
  const { id = "" } = useParams();
  const standing = useStanding(id);
  if (standing.isPending) return <Loading />;
  return standing.data?.removed ? <RemovedApp s={standing.data} /> : <InUse id={id} />;
}

function InUse({ id }: { id: string }) {
  return <Loaded query={useDocument<AppBody>("app", id)}>{(d) => <Sheet id={id} detail={d} />}</Loaded>;
}

type Inside = Exclude<Kind, "app">;
const inside: Inside[] = ["form", "flow", "dict", "checklist", "calendar"];
const makes = ["form", "flow", "dict", "checklist"] as const;

function Sheet({ id, detail }: { id: string; detail: Detail<AppBody> }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const words = useProblemText();
  const heads: Record<string, Head[]> = {
    form: useDocuments("form").data ?? [],
    flow: useDocuments("flow").data ?? [],
    dict: useDocuments("dict").data ?? [],
    checklist: useDocuments("checklist").data ?? [],
    calendar: useDocuments("calendar").data ?? [],
  };
  const [making, setMaking] = useState<(typeof makes)[number]>();
  const body = detail.draft?.body ?? detail.current?.body ?? { title: { zh: id }, documents: [] };
  const [name, setName] = useState(say(body.title));
  const [about, setAbout] = useState(say(body.description));
  const save = (next: AppBody) =>
    saveApp(id, next, detail.draft?.rev ?? 0).then(
      () => client.invalidateQueries({ queryKey: keys.all }),
      (e: unknown) => void message.error(words(e)),
    );
  const of = (r: AppBody["documents"][number]) => (heads[r.kind] ?? []).find((h) => h.key === r.key);
  const here = body.documents.flatMap((r) => {
    const h = of(r);
    return h ? [{ r, h }] : [];
  });
  const others = inside.flatMap((k) =>
    (heads[k] ?? [])
      .filter((h) => !body.documents.some((r) => r.kind === k && r.key === h.key))
      .map((h) => ({ value: `${k}:${h.key}`, label: `${t(`design.${k}`)} · ${say(h.title) || h.key}` })),
  );
  const published = here.filter(({ h }) => h.current > 0).map(({ r }) => `${r.kind}:${r.key}`);
  const packed = detail.current ? [...published, `app:${id}`] : published;
  const pack = new URLSearchParams({ key: id, title: say(body.title), document: packed.join(",") });
  return (
    <Page
      title={
        <>
          <Link to="/workbench">{t("design.title")}</Link> / <AppIcon icon={body.icon} /> {say(body.title)}
        </>
      }
      verbs={
        <>
          {detail.current && <RemoveApp app={id} />}
          <Button
            id="export-app"
            disabled={published.length === 0}
            href={`/api/packages/export?${pack}`}
            download
          >
            {t("design.exportApp")}
          </Button>
          <Dropdown
            trigger={["click"]}
            menu={{
              items: makes.map((k) => ({ key: k, label: t(`design.new.${k}`) })),
              onClick: ({ key }) => setMaking(key as (typeof makes)[number]),
            }}
          >
            <Button type="primary" id="new-in-app">
              {t("design.addItem")}
            </Button>
          </Dropdown>
        </>
      }
    >
      <div className="work-filters">
        <Input
          aria-label={t("design.rename")}
          value={name}
          maxLength={100}
          onChange={(e) => setName(e.target.value)}
          onBlur={() =>
            name.trim() &&
            name !== say(body.title) &&
            void save({ ...body, title: reworded(body.title, name) })
          }
        />
        <Input
          id="app-about"
          aria-label={t("design.appAbout")}
          placeholder={t("design.appAbout")}
          value={about}
          maxLength={500}
          onChange={(e) => setAbout(e.target.value)}
          onBlur={() =>
            about.trim() !== say(body.description) &&
            void save({ ...body, description: about.trim() ? reworded(body.description, about) : undefined })
          }
        />
        <Popover
          trigger="click"
          content={<IconChoice value={body.icon} set={(icon) => void save({ ...body, icon })} />}
        >
          <Button id="app-icon">{t("design.icon")}</Button>
        </Popover>
        <Select
          showSearch
          optionFilterProp="label"
          placeholder={t("design.addTo")}
          value={null}
          options={others}
          onChange={(v: string | null) => {
            const [kind, key] = (v ?? "").split(":");
            if (kind && key)
              void save({ ...body, documents: [...body.documents, { kind: kind as Kind, key }] });
          }}
        />
      </div>
      {here.length === 0 ? (
        <Empty>{t("design.emptyApp")}</Empty>
      ) : (
        <ul className="design-cards">
          {here.map(({ r, h }) => (
            <DocumentCard key={`${r.kind}:${r.key}`} h={h} kind={r.kind}>
              <Popconfirm
                title={t("design.takeOutAsk")}
                onConfirm={() => save({ ...body, documents: body.documents.filter((x) => x !== r) })}
              >
                <Button size="small" type="text">
                  {t("design.takeOut")}
                </Button>
              </Popconfirm>
            </DocumentCard>
          ))}
        </ul>
      )}
      {making === "flow" && <NewFlow app={id} close={() => setMaking(undefined)} />}
      {making && making !== "flow" && (
        <NewDocument kind={making} heads={heads[making] ?? []} app={id} close={() => setMaking(undefined)} />
      )}
    </Page>
  );
}
