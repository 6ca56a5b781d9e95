import { Button, Input, Segmented, Select, Table } from "antd";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { get } from "../api/client";
import type { Alarm, AlarmList } from "../api/types";
import { say } from "../i18n";
import { dateTime, elapsed, placeName } from "../parts/format";
import { SeverityMark, StateWord } from "../parts/marks";
import { Empty, Failed, Loading } from "../parts/states";

const views = ["all", "open", "history"] as const;
const hazards = ["fire", "gas", "toxic", "entrapment", "equipment", "water", "comms", "linkage", "self"];

/** History finds any alarm there ever was; what is asked for stands in the address. */
export function History() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const set = (k: string, v: string) =>
    setParams((old) => {
      const next = new URLSearchParams(old);
      v ? next.set(k, v) : next.delete(k);
      return next;
    });
  const filter = new URLSearchParams({ view: params.get("view") ?? "all", limit: "50" });
  for (const k of ["q", "hazard"]) if (params.get(k)) filter.set(k, params.get(k) ?? "");
  const list = useInfiniteQuery({
    queryKey: ["alarms", "list", filter.toString()],
    queryFn: ({ pageParam }) =>
      get<AlarmList>(`/api/alarms?${filter}${pageParam ? `&before=${encodeURIComponent(pageParam)}` : ""}`),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
  });
  return (
    <main className="page">
      <h1>{t("history.title")}</h1>
      <div className="filters">
        <Segmented
          value={params.get("view") ?? "all"}
          options={views.map((v) => ({ value: v, label: t(`history.${v}`) }))}
          onChange={(v) => set("view", v)}
        />
        <Select
          allowClear
          style={{ width: 160 }}
          placeholder={t("history.hazard")}
          value={params.get("hazard") ?? undefined}
          options={hazards.map((h) => ({ value: h, label: t(`hazard.${h}`) }))}
          onChange={(v?: string) => set("hazard", v ?? "")}
        />
        <Input.Search
          allowClear
          style={{ width: 280 }}
          placeholder={t("console.search")}
          defaultValue={params.get("q") ?? ""}
          onSearch={(v) => set("q", v)}
        />
      </div>
      {list.error ? (
        <Failed error={list.error} retry={() => void list.refetch()} />
      ) : !list.data ? (
        <Loading lines={10} />
      ) : (
        <>
          <Rows items={list.data.pages.flatMap((p) => p.items)} />
          {list.hasNextPage && (
            <Button block loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {t("history.more")}
            </Button>
          )}
        </>
      )}
    </main>
  );
}

function Rows({ items }: { items: Alarm[] }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const c = (k: string) => t(`history.columns.${k}`);
  return (
    <Table<Alarm>
      rowKey="id"
      size="small"
      pagination={false}
      dataSource={items}
      locale={{ emptyText: <Empty>{t("history.empty")}</Empty> }}
      onRow={(a) => ({
        onClick: () => void navigate(`/alarms/${a.id}`),
        onKeyDown: (e) => e.key === "Enter" && void navigate(`/alarms/${a.id}`),
        tabIndex: 0,
        style: { cursor: "pointer" },
      })}
      columns={[
        { title: c("time"), width: 150, render: (_, a) => <time>{dateTime(a.raised_at)}</time> },
        {
          title: c("alarm"),
          render: (_, a) => (
            <>
              <SeverityMark severity={a.severity} filled={a.state === "unacked"} /> {say(a.title)}
            </>
          ),
        },
        { title: c("place"), render: (_, a) => placeName(a.place, a.building_name) },
        { title: c("state"), width: 220, render: (_, a) => <StateWord alarm={a} /> },
        { title: c("ack"), width: 120, render: (_, a) => a.ack?.name ?? t("common.none") },
        {
          title: c("took"),
          width: 100,
          render: (_, a) => (a.ack ? elapsed(Date.parse(a.ack.at) - Date.parse(a.raised_at)) : ""),
        },
      ]}
    />
  );
}
