import { App, Button, Drawer, Dropdown, Input, Segmented, Select, Table } from "antd";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { get } from "../api/client";
import { useAlarm, useOverview } from "../api/queries";
import type { Alarm, AlarmList } from "../api/types";
import { alarmKeys, hazards, severities, useAct, useFilters, usePeople } from "../areas/alarms/api";
import { filterKeys, queryOf, sentenceOf } from "../areas/alarms/filter";
import { Stamps } from "../areas/alarms/Stamps";
import { say } from "../i18n";
import { dateTime, elapsed, placeName } from "../parts/format";
import { AlarmMark, StateWord } from "../parts/marks";
import { Page } from "../parts/Page";
import { useSession } from "../parts/session";
import { Empty, Failed, Loaded, Loading, useProblemText } from "../parts/states";
import "../areas/alarms/alarms.css";

const views = ["all", "open", "overridden", "history"] as const;

/** History finds any alarm there ever was; what is asked for stands in the address. */
export function History() {
  const { t } = useTranslation();
  const { may } = useSession();
  const [params, setParams] = useSearchParams();
  const query = queryOf(params);
  const shown = params.get("alarm") ?? "";
  const show = (id: string) => setParams((old) => changed(old, "alarm", id), { replace: true });
  const list = useInfiniteQuery({
    queryKey: ["alarms", "list", query],
    queryFn: ({ pageParam }) =>
      get<AlarmList>(
        `/api/alarms?${query}&limit=50${pageParam ? `&before=${encodeURIComponent(pageParam)}` : ""}`,
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
  });
  return (
    <Page title={t("history.title")} verbs={may("alarm.report") && <Export query={query} />}>
      <Saved />
      <Filters />
      {list.error ? (
        <Failed error={list.error} retry={() => void list.refetch()} />
      ) : !list.data ? (
        <Loading lines={10} />
      ) : (
        <>
          <Rows items={list.data.pages.flatMap((p) => p.items)} show={show} />
          {list.hasNextPage && (
            <Button block loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {t("history.more")}
            </Button>
          )}
        </>
      )}
      <Drawer open={shown !== ""} onClose={() => show("")} size={560} title={t("alarms.one")}>
        {shown && <Side id={shown} />}
      </Drawer>
    </Page>
  );
}

function changed(old: URLSearchParams, key: string, value: string): URLSearchParams {
  const next = new URLSearchParams(old);
  value ? next.set(key, value) : next.delete(key);
  return next;
}

/** Filters is the question in one line: every part of it is a control, and only what is asked for stands out. */
function Filters() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const buildings = useOverview().data?.buildings ?? [];
  const people = usePeople().data ?? [];
  const value = (k: string) => params.get(k) ?? undefined;
  const set = (k: string, v?: string) => setParams((old) => changed(old, k, v ?? ""), { replace: true });
  const select = (k: string, options: { value: string; label: string }[], width = 120) => (
    <Select
      allowClear
      showSearch={{ optionFilterProp: "label" }}
      style={{ width }}
      aria-label={t(`alarms.filter.${k}`)}
      placeholder={t(`alarms.filter.${k}`)}
      value={value(k)}
      options={options}
      onChange={(v?: string) => set(k, v)}
    />
  );
  return (
    <>
      <div className="filters wide">
        <Segmented
          value={params.get("view") ?? "all"}
          options={views.map((v) => ({
            value: v,
            label: t(v === "overridden" ? "alarms.view.overridden" : `history.${v}`),
          }))}
          onChange={(v) => set("view", v === "all" ? "" : v)}
        />
        <Input.Search
          key={value("q") ?? ""}
          allowClear
          style={{ width: 260 }}
          placeholder={t("alarms.search")}
          defaultValue={value("q") ?? ""}
          onSearch={(v) => set("q", v.trim())}
        />
        <Select
          mode="multiple"
          maxTagCount={1}
          style={{ width: 170 }}
          aria-label={t("alarms.filter.building")}
          placeholder={t("alarms.filter.building")}
          value={value("building")?.split(",") ?? []}
          options={buildings.map((b) => ({ value: b.id, label: say(b.name) }))}
          onChange={(v: string[]) => set("building", v.join(","))}
        />
        {select(
          "hazard",
          hazards.map((h) => ({ value: h, label: t(`hazard.${h}`) })),
        )}
        {select(
          "severity",
          severities.map((s) => ({ value: s, label: t(`severity.${s}`) })),
          100,
        )}
        {select(
          "person",
          people.map((p) => ({ value: p.id, label: p.name })),
        )}
        {select(
          "verdict",
          ["confirmed", "false_alarm", "none"].map((v) => ({ value: v, label: t(`alarms.verdict.${v}`) })),
        )}
        {select(
          "drill",
          ["false", "true"].map((v) => ({ value: v, label: t(`alarms.drill.${v}`) })),
          110,
        )}
        {select("unrationalised", [{ value: "true", label: t("alarms.onlyUnrationalised") }], 130)}
        <Input
          type="date"
          aria-label={t("alarms.fromDay")}
          style={{ width: 150 }}
          value={value("from") ?? ""}
          onChange={(e) => set("from", e.target.value)}
        />
        <Input
          type="date"
          aria-label={t("alarms.toDay")}
          style={{ width: 150 }}
          value={value("to") ?? ""}
          onChange={(e) => set("to", e.target.value)}
        />
      </div>
      <p className="quiet sentence" data-sentence>
        {sentenceOf(t, params, {
          buildings: buildings.map((b) => ({ id: b.id, name: say(b.name) })),
          people,
        })}
      </p>
    </>
  );
}

/** Saved are the searches a person keeps, as tabs. */
function Saved() {
  const { t } = useTranslation();
  const { modal, message } = App.useApp();
  const [params, setParams] = useSearchParams();
  const cache = useQueryClient();
  const words = useProblemText();
  const filters = useFilters();
  const act = useAct();
  const [name, setName] = useState<string>();
  const now = new URLSearchParams([...params].filter(([k]) => filterKeys.includes(k)));
  now.sort();
  const here = now.toString();
  const done = {
    onSuccess: () => void cache.invalidateQueries({ queryKey: alarmKeys.filters }),
    onError: (e: unknown) => void message.error(words(e)),
  };
  const keep = () => {
    if (name?.trim())
      act.mutate(
        { path: "/api/alarms/filters", body: { name: name.trim(), query: here } },
        { ...done, onSettled: () => setName(undefined) },
      );
  };
  const items = filters.data ?? [];
  if (items.length === 0 && here === "") return null;
  return (
    <div className="saved" role="tablist" aria-label={t("alarms.saved")}>
      {items.map((f) => (
        <Dropdown
          key={f.id}
          trigger={["contextMenu"]}
          menu={{
            items: [{ key: "drop", label: t("alarms.forget"), danger: true }],
            onClick: () =>
              void modal.confirm({
                title: t("alarms.forgetTitle", { name: f.name }),
                okText: t("alarms.forget"),
                cancelText: t("common.cancel"),
                onOk: () =>
                  act.mutate(
                    { method: "DELETE", path: `/api/alarms/filters/${f.id}`, body: undefined },
                    done,
                  ),
              }),
          }}
        >
          <Button
            role="tab"
            aria-selected={f.query === here}
            type={f.query === here ? "primary" : "default"}
            onClick={() => setParams(new URLSearchParams(f.query))}
          >
            {f.name}
          </Button>
        </Dropdown>
      ))}
      {here !== "" && !items.some((f) => f.query === here) && name === undefined && (
        <Button type="dashed" id="keep" onClick={() => setName("")}>
          + {t("alarms.keep")}
        </Button>
      )}
      {name !== undefined && (
        <Input
          autoFocus
          style={{ width: 180 }}
          maxLength={30}
          placeholder={t("alarms.filterName")}
          value={name}
          onChange={(e) => setName(e.target.value)}
          onPressEnter={keep}
          onBlur={() => (name.trim() ? keep() : setName(undefined))}
        />
      )}
      {here !== "" && (
        <Button type="link" onClick={() => setParams({})}>
          {t("alarms.clear")}
        </Button>
      )}
    </div>
  );
}

function Export({ query }: { query: string }) {
  const { t } = useTranslation();
  return (
    <>
      <Button href={`/api/alarms/export.csv?${query}`}>{t("alarms.csv")}</Button>
      <Button href={`/api/alarms/export.xlsx?${query}`}>{t("alarms.excel")}</Button>
    </>
  );
}

function Rows({ items, show }: { items: Alarm[]; show: (id: string) => void }) {
  const { t } = useTranslation();
  const c = (k: string) => t(`history.columns.${k}`);
  return (
    <Table<Alarm>
      rowKey="id"
      size="small"
      pagination={false}
      dataSource={items}
      rowClassName="clickable"
      locale={{ emptyText: <Empty>{t("history.empty")}</Empty> }}
      onRow={(a) => ({
        onClick: () => show(a.id),
        onKeyDown: (e) => e.key === "Enter" && show(a.id),
        tabIndex: 0,
      })}
      columns={[
        { title: c("time"), width: 150, render: (_, a) => <time>{dateTime(a.raised_at)}</time> },
        {
          title: c("alarm"),
          render: (_, a) => (
            <>
              <AlarmMark alarm={a} /> {say(a.title)}
              {a.count > 1 && <small className="quiet"> ×{a.count}</small>}
              {!a.definition && <small className="late"> {t("alarms.unrationalised")}</small>}
              {a.drill && <small className="quiet"> {t("alarms.drill.true")}</small>}
            </>
          ),
        },
        { title: c("place"), render: (_, a) => placeName(a.place, a.building_name) },
        { title: c("state"), width: 200, render: (_, a) => <StateWord alarm={a} /> },
        {
          title: t("alarms.filter.verdict"),
          width: 90,
          render: (_, a) => a.verdict && t(`alarms.verdict.${a.verdict.kind}`),
        },
        { title: c("ack"), width: 110, render: (_, a) => a.ack?.name ?? t("common.none") },
        {
          title: c("took"),
          width: 100,
          render: (_, a) => (a.ack ? elapsed(Date.parse(a.ack.at) - Date.parse(a.raised_at)) : ""),
        },
      ]}
    />
  );
}

/** Side is one alarm beside the list. */
function Side({ id }: { id: string }) {
  const { t } = useTranslation();
  return (
    <Loaded query={useAlarm(id)} lines={10}>
      {({ alarm: a }) => (
        <div className="stack">
          <p>
            <AlarmMark alarm={a} /> <StateWord alarm={a} />
          </p>
          <h2>{say(a.title)}</h2>
          <p>{placeName(a.place, a.building_name)}</p>
          {a.ack && (
            <p>
              {t("alarm.by", { name: a.ack.name, at: dateTime(a.ack.at) })}{" "}
              {a.ack.note && <q>{a.ack.note}</q>}
            </p>
          )}
          <Stamps alarm={a} />
          <Link to={`/alarms/${a.id}`}>{t("alarm.detail")} →</Link>
        </div>
      )}
    </Loaded>
  );
}
