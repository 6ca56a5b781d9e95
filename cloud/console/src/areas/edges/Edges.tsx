import { Button, Drawer, Table } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { useFleet } from "../../api/queries";
import type { Edge } from "../../api/types";
import { say } from "../../i18n";
import { useNow } from "../../live/context";
import { age } from "../../parts/format";
import { Page } from "../../parts/Page";
import { Empty, Loaded } from "../../parts/states";
import { Access } from "./Access";
import { Enrol } from "./Enrol";
import "./edges.css";

/** Edges is where an edge is let in and shut out: one-time tokens, certificates, revocation. */
export function Edges() {
  const { t } = useTranslation();
  const now = useNow();
  const fleet = useFleet();
  const [params, setParams] = useSearchParams();
  const [enrolling, setEnrolling] = useState<{ id: string; name: string } | undefined>();
  const open = params.get("edge") ?? "";
  const show = (id: string) => setParams(id ? { edge: id } : {}, { replace: true });
  const chosen = fleet.data?.edges.find((e) => e.id === open);
  return (
    <Page
      title={t("edges.title")}
      about={t("edges.about")}
      verbs={
        <Button type="primary" id="enrol" onClick={() => setEnrolling({ id: "", name: "" })}>
          {t("edges.new")}
        </Button>
      }
    >
      <Loaded query={fleet}>
        {(f) => (
          <Table<Edge>
            rowKey="id"
            pagination={f.edges.length > 50 ? { pageSize: 50 } : false}
            dataSource={f.edges}
            onRow={(e) => ({
              onClick: () => show(e.id),
              onKeyDown: (k) => k.key === "Enter" && show(e.id),
              tabIndex: 0,
            })}
            rowClassName="clickable"
            locale={{ emptyText: <Empty>{t("edges.none")}</Empty> }}
            columns={[
              {
                title: t("edges.columns.edge"),
                render: (_, e) => (
                  <>
                    <b>{say(e.name) || e.id}</b> <small className="quiet">{e.id}</small>
                  </>
                ),
              },
              {
                title: t("edges.columns.state"),
                render: (_, e) => (
                  <span className={`edge ${e.state}`} data-edge-state={e.state}>
                    {t(`fleet.state.${e.state}`)}
                  </span>
                ),
              },
              {
                title: t("edges.columns.seen"),
                render: (_, e) =>
                  e.last_seen
                    ? t("point.ago", { age: age(t, now - Date.parse(e.last_seen)) })
                    : t("common.none"),
              },
              { title: t("edges.columns.software"), render: (_, e) => e.software || t("common.none") },
            ]}
          />
        )}
      </Loaded>
      <Drawer
        open={open !== ""}
        onClose={() => show("")}
        size={560}
        title={chosen ? say(chosen.name) || chosen.id : open}
      >
        {open && (
          <Access
            edge={open}
            onToken={() => setEnrolling({ id: open, name: chosen ? say(chosen.name) : open })}
          />
        )}
      </Drawer>
      {enrolling && <Enrol known={enrolling} onEnd={() => setEnrolling(undefined)} />}
    </Page>
  );
}
