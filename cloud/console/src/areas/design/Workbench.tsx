import { Button, Checkbox, Input, Segmented } from "antd";
import type { TFunction } from "i18next";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { say } from "../../i18n";
import { minute } from "../../parts/format";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Empty, Loaded } from "../../parts/states";
import "../work/work.css";
import { type Head, type Kind, places, useDocuments } from "./api";
import { AppIcon } from "./AppIcon";
import "./design.css";
import { Help } from "./Help";
import { NewDocument } from "./NewDocument";
import { NewFlow } from "./NewFlow";
import { Export, Import } from "./Packages";

const kinds: Kind[] = ["app", "form", "flow", "dict", "checklist", "calendar"];

/** Workbench is where apps, forms, flows and dictionaries are begun and found. */
export function Workbench() {
  const { t } = useTranslation();
  const [kind, setKind] = useState<Kind>("app");
  const [word, setWord] = useState("");
  const [making, setMaking] = useState(false);
  const [chosen, setChosen] = useState<string[]>([]);
  const [packing, setPacking] = useState(false);
  const query = useDocuments(kind);
  const fits = (h: Head) => (say(h.title) + h.key).toLowerCase().includes(word.trim().toLowerCase());
  const toggle = (id: string) => setChosen((c) => (c.includes(id) ? c.filter((x) => x !== id) : [...c, id]));
  return (
    <Page
      title={t("design.title")}
      about={t("design.titleAbout")}
      verbs={
        <>
          <Help at="tour" />
          <Link to="/workbench/templates">
            <Button id="templates-open">{t("design.templates")}</Button>
          </Link>
          <Import />
          <Button disabled={chosen.length === 0} id="export" onClick={() => setPacking(true)}>
            {t("design.export", { n: chosen.length })}
          </Button>
          {kind !== "calendar" && (
            <Button type="primary" id="new-document" onClick={() => setMaking(true)}>
              {t(`design.new.${kind}`)}
            </Button>
          )}
        </>
      }
    >
      <div className="work-filters">
        <Segmented
          value={kind}
          onChange={setKind}
          options={kinds.map((k) => ({ value: k, label: t(`design.kinds.${k}`) }))}
        />
        <Input.Search
          allowClear
          aria-label={t("design.find")}
          placeholder={t("design.find")}
          value={word}
          onChange={(e) => setWord(e.target.value)}
        />
      </div>
      <Loaded query={query}>
        {(list) =>
          list.filter(fits).length === 0 ? (
            <Empty>{t(list.length === 0 ? `design.none.${kind}` : "work.noMatch")}</Empty>
          ) : (
            <ul className="design-cards">
              {list.filter(fits).map((h) => (
                <DocumentCard key={h.key} h={h} kind={kind}>
                  {h.current > 0 && kind !== "app" && (
                    <Checkbox
                      checked={chosen.includes(`${kind}:${h.key}`)}
                      onChange={() => toggle(`${kind}:${h.key}`)}
                    >
                      {t("design.pack")}
                    </Checkbox>
                  )}
                </DocumentCard>
              ))}
            </ul>
          )
        }
      </Loaded>
      {making && kind === "flow" && <NewFlow close={() => setMaking(false)} />}
      {making && kind !== "flow" && kind !== "calendar" && (
        <NewDocument kind={kind} heads={query.data ?? []} close={() => setMaking(false)} />
      )}
      {packing && <Export documents={chosen} close={() => setPacking(false)} />}
    </Page>
  );
}

/** holds says what is in an app: 2 forms · 1 flow. */
function holds(t: TFunction, h: Head): string {
  const all = kinds.map((k) => ({ k, n: (h.holds ?? []).filter((r) => r.kind === k).length }));
  const words = all.filter((x) => x.n > 0).map((x) => t(`design.holds.${x.k}`, { n: x.n }));
  return words.join(" · ") || t("design.emptyApp");
}

/** DocumentCard names a document and says how it stands. */
export function DocumentCard({ h, kind, children }: { h: Head; kind: Kind; children?: ReactNode }) {
  const { t } = useTranslation();
  const { may } = useSession();
  return (
    <li className="design-doc" data-key={h.key}>
      <Link className={kind === "app" ? "with-icon" : ""} to={`/workbench/${places[kind]}/${h.key}`}>
        {kind === "app" && <AppIcon icon={h.icon} />}
        <strong>{say(h.title) || h.key}</strong>
        {kind === "app" && say(h.about) && <span>{say(h.about)}</span>}
        <span className="quiet">
          {kind === "app" ? holds(t, h) : t(`design.${kind}`)}
          {kind === "app" && h.retired_at && ` · ${t("design.isRemoved")}`}
          {kind !== "app" &&
            ` · ${h.retired_at ? t("design.isRetired") : h.current > 0 ? t("design.inForce", { n: h.current }) : t("design.neverPublished")}`}
          {kind !== "app" && h.draft_rev > 0 && ` · ${t("design.hasDraft")}`}
        </span>
        <span className="quiet">
          {minute(h.at)}
          {h.app && ` · ${t("design.ready")}`}
        </span>
      </Link>
      {kind === "flow" && h.current > 0 && may("work.manage") && (
        <Link className="design-more" to={`/workbench/flows/${h.key}/times`}>
          {t("design.stepTimes")}
        </Link>
      )}
      {children}
    </li>
  );
}
