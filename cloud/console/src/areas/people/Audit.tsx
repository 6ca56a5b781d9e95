import { useInfiniteQuery } from "@tanstack/react-query";
import { Alert, Button, Input, Select, Table } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { get, post } from "../../api/client";
import { dateTime, instant, wall } from "../../parts/format";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Empty, Failed, Loading } from "../../parts/states";
import { type AuditLine, type AuditPage, usePeople, type Verified } from "./api";
import { useSubmit } from "./forms";
import "./people.css";

const groups = [
  "session",
  "user",
  "totp",
  "role",
  "unit",
  "key",
  "sign_in",
  "audit",
  "access",
  "alarm",
  "incident",
  "edge",
  "seat",
  "place",
  "floorplan",
  "device",
  "document",
  "grant",
  "app",
  "record",
  "work",
  "notice",
  "demo",
];
const filters = ["actor", "action", "object", "from", "to"] as const;

/** Audit is the record of what people did: searched, verified, exported. */
export function Audit() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const search = new URLSearchParams(
    filters.flatMap((k) => {
      const v = params.get(k);
      return v ? [[k, v]] : [];
    }),
  ).toString();
  const set = (key: string, value: string) =>
    setParams(
      (old) => {
        if (value) old.set(key, value);
        else old.delete(key);
        return old;
      },
      { replace: true },
    );
  return (
    <Page
      title={t("people.audit.title")}
      about={t("people.audit.about")}
      verbs={<Button href={`/api/audit/export?${search}`}>{t("people.audit.export")}</Button>}
    >
      <Verify />
      <div className="filters">
        <Input
          allowClear
          placeholder={t("people.audit.actor")}
          defaultValue={params.get("actor") ?? ""}
          onChange={(e) => set("actor", e.target.value)}
          style={{ width: 160 }}
        />
        <Select
          allowClear
          placeholder={t("people.audit.action")}
          value={params.get("action") ?? undefined}
          onChange={(v?: string) => set("action", v ?? "")}
          style={{ width: 180 }}
          options={groups.map((g) => ({ value: `${g}.`, label: t(`people.actions.${g}`) }))}
        />
        <Input
          allowClear
          placeholder={t("people.audit.object")}
          defaultValue={params.get("object") ?? ""}
          onChange={(e) => set("object", e.target.value)}
          style={{ width: 200 }}
        />
        {(["from", "to"] as const).map((k) => (
          <Input
            key={k}
            type="datetime-local"
            prefix={<span className="quiet">{t(`people.audit.${k}`)}</span>}
            defaultValue={params.get(k) ? wall(params.get(k) ?? "") : ""}
            onChange={(e) => set(k, e.target.value ? instant(e.target.value).toISOString() : "")}
            style={{ width: 250 }}
          />
        ))}
      </div>
      <Lines search={search} />
    </Page>
  );
}

function Verify() {
  const { t } = useTranslation();
  const { busy, submit } = useSubmit();
  const [result, setResult] = useState<Verified>();
  return (
    <div className="verify">
      <Button
        loading={busy}
        onClick={() => void submit(async () => setResult(await post<Verified>("/api/audit/verify")))}
      >
        {t("people.audit.verify")}
      </Button>
      {result && (
        <Alert
          showIcon
          type={result.ok ? "success" : "error"}
          title={
            result.ok
              ? t("people.audit.ok", { n: result.rows, ms: result.took_ms })
              : t("people.audit.broken", { where: result.broken })
          }
        />
      )}
    </div>
  );
}

function Lines({ search }: { search: string }) {
  const { t, i18n } = useTranslation();
  const query = useInfiniteQuery({
    queryKey: ["audit", search],
    initialPageParam: 0,
    queryFn: ({ pageParam }) =>
      get<AuditPage>(`/api/audit?${search}${pageParam ? `&before=${pageParam}` : ""}`),
    getNextPageParam: (last) => last.next || undefined,
  });
  if (query.error && !query.data) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <Loading lines={12} />;
  const word = (action: string) => {
    const key = `people.actions.${action.replaceAll(".", "_").replaceAll("-", "_")}`;
    return i18n.exists(key) ? t(key) : action;
  };
  return (
    <>
      <Table<AuditLine>
        rowKey="seq"
        size="small"
        dataSource={query.data.pages.flatMap((p) => p.items)}
        pagination={false}
        scroll={{ x: 900 }}
        expandable={{
          expandRowByClick: true,
          rowExpandable: (e) => JSON.stringify(e.data) !== "{}",
          expandedRowRender: (e) => <pre className="wrap">{JSON.stringify(e.data, null, 2)}</pre>,
        }}
        locale={{ emptyText: <Empty>{t("people.audit.empty")}</Empty> }}
        columns={[
          { title: "#", dataIndex: "seq", width: 76, className: "quiet" },
          { title: t("people.audit.time"), width: 160, render: (_, e) => dateTime(e.at) },
          {
            title: t("people.audit.actor"),
            width: 150,
            render: (_, e) => (e.actor_name === "system" ? t("people.audit.system") : e.actor_name || "—"),
          },
          {
            title: t("people.audit.action"),
            width: 170,
            render: (_, e) => (
              <span className={e.action === "access.refused" ? "abnormal" : ""}>{word(e.action)}</span>
            ),
          },
          {
            title: t("people.audit.object"),
            width: 240,
            render: (_, e) => <ObjectName object={e.object} />,
          },
          { title: t("people.audit.ip"), dataIndex: "ip", width: 130 },
          {
            title: t("people.audit.data"),
            ellipsis: true,
            render: (_, e) => <Data value={e.data} />,
          },
        ]}
      />
      {query.hasNextPage && (
        <Button
          className="more"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t("people.audit.more")}
        </Button>
      )}
    </>
  );
}

/** ObjectName writes people by name, everything else by its id. */
function ObjectName({ object }: { object: string }) {
  const { may } = useSession();
  return may("user.manage") ? <PersonName object={object} /> : <code className="wrap">{object}</code>;
}

function PersonName({ object }: { object: string }) {
  const people = usePeople().data ?? [];
  const name = people.find((p) => object === `user:${p.id}`)?.name;
  return name ? <>{name}</> : <code className="wrap">{object}</code>;
}

function Data({ value }: { value: unknown }) {
  const text = JSON.stringify(value);
  return text === "{}" ? <span className="quiet">—</span> : <code className="quiet">{text}</code>;
}
