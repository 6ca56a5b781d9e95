import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { request } from "../api/client";
import { type Box, boxCount, type Item, useBox, useTodoCounts, useUsable } from "../areas/work/api";
import { say, switchLanguage } from "../i18n";
import { age } from "../parts/format";
import { useSession } from "../parts/session";
import { Fault, Frame, useMinute, useOnline, Waiting } from "./frame";
import type { Look } from "./main";

const boxes: Box[] = ["mine", "started", "copied", "done"];

/** Home is what waits for me, and the way to report. */
export function Home({ look }: { look: Look }) {
  const { t } = useTranslation();
  const { me, may } = useSession();
  const [box, setBox] = useState<Box>("mine");
  const counts = useTodoCounts().data;
  const forms = (useUsable().data ?? []).filter((f) => f.actions?.includes("create"));
  const hazard = forms.find((f) => f.key === "hazard");
  if (!may("work.use"))
    return (
      <Frame title={t("phone.app")}>
        <p>{t("common.forbidden")}</p>
        <Foot look={look} />
      </Frame>
    );
  return (
    <Frame title={t("phone.hello", { name: me.name })} foot={<Sync />}>
      {hazard && (
        <Link className="p-report" id="report" to="/m/forms/hazard">
          {t("phone.report")}
        </Link>
      )}
      <div className="p-tabs" role="tablist">
        {boxes.map((b) => (
          <button key={b} type="button" role="tab" aria-selected={b === box} onClick={() => setBox(b)}>
            {t(`work.box.${b}`)}
            {boxCount(b, counts) && <span className="p-count">{boxCount(b, counts)}</span>}
          </button>
        ))}
      </div>
      <List box={box} />
      {forms.length > (hazard ? 1 : 0) && (
        <section>
          <h2>{t("phone.forms")}</h2>
          <div className="p-forms">
            {forms
              .filter((f) => f.key !== "hazard")
              .map((f) => (
                <Link key={f.key} to={`/m/forms/${f.key}`} data-form={f.key}>
                  {say(f.title)}
                </Link>
              ))}
          </div>
        </section>
      )}
      <Foot look={look} />
    </Frame>
  );
}

function List({ box }: { box: Box }) {
  const { t } = useTranslation();
  const list = useBox(box);
  const now = useMinute();
  if (!list.data)
    return list.error ? <Fault error={list.error} retry={() => void list.refetch()} /> : <Waiting />;
  const items = list.data.pages.flatMap((p) => p.items ?? []);
  if (items.length === 0) return <p className="p-empty">{t(`work.none.${box}`)}</p>;
  return (
    <ul className="p-cards" id="todo-list">
      {items.map((x) => (
        <Card key={`${x.instance}/${x.task ?? ""}`} x={x} now={now} box={box} />
      ))}
      {list.hasNextPage && (
        <button type="button" className="p-button" onClick={() => void list.fetchNextPage()}>
          {t("work.more")}
        </button>
      )}
    </ul>
  );
}

function Card({ x, now, box }: { x: Item; now: number; box: Box }) {
  const { t } = useTranslation();
  const due = x.due_at ? Date.parse(x.due_at) - now : undefined;
  const late = due !== undefined && due < 0 && box === "mine";
  return (
    <li className={late ? "late" : ""}>
      <Link to={`/m/flows/${x.instance}${x.task ? `?task=${x.task}` : ""}`}>
        <strong>{x.summary || say(x.flow_title)}</strong>
        <span>
          {box === "mine" ? say(x.node_name) : t(`work.status.${x.status}`)}
          {" · "}
          {x.initiator.name}
        </span>
        {box === "mine" && (
          <em>
            {due === undefined
              ? t("phone.noDue")
              : t(late ? "phone.late" : "phone.left", { age: age(t, Math.abs(due)) })}
          </em>
        )}
      </Link>
    </li>
  );
}

function Sync() {
  const { t } = useTranslation();
  const online = useOnline();
  return (
    <span className={online ? "p-sync" : "p-sync off"} role="status">
      {t(online ? "phone.online" : "phone.offline")}
    </span>
  );
}

function Foot({ look }: { look: Look }) {
  const { t, i18n } = useTranslation();
  const cache = useQueryClient();
  return (
    <nav className="p-settings">
      <button type="button" onClick={() => look.set({ mode: look.mode === "day" ? "night" : "day" })}>
        {t(look.mode === "day" ? "phone.night" : "phone.day")}
      </button>
      <button type="button" aria-pressed={look.big} onClick={() => look.set({ big: !look.big })}>
        {t("phone.big")}
      </button>
      <button type="button" onClick={() => void switchLanguage()}>
        {i18n.language === "en" ? "中文" : "English"}
      </button>
      <a href="/">{t("phone.desk")}</a>
      <button
        type="button"
        onClick={() => void request("DELETE", "/api/session").finally(() => void cache.resetQueries())}
      >
        {t("phone.signOut")}
      </button>
    </nav>
  );
}
