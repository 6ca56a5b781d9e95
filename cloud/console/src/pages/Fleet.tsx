import { Table } from "antd";
import { useTranslation } from "react-i18next";
import { useCheckIns, useFleet } from "../api/queries";
import type { CheckIn, Edge } from "../api/types";
import { say } from "../i18n";
import { useNow } from "../live/context";
import { age, dateTime, placeName } from "../parts/format";
import { Empty, Loaded } from "../parts/states";

const shape = { online: "●", degraded: "▲", lost: "◆", never: "?" };

/** Fleet lists every edge: is it heard, is its clock right, what has it not sent yet. */
export function Fleet() {
  const { t } = useTranslation();
  const now = useNow();
  const c = (k: string) => t(`fleet.columns.${k}`);
  return (
    <main className="page">
      <h1>{t("fleet.title")}</h1>
      <Loaded query={useFleet()}>
        {(f) => (
          <Table<Edge>
            rowKey="id"
            size="middle"
            pagination={false}
            dataSource={f.edges}
            locale={{ emptyText: <Empty>{t("fleet.none")}</Empty> }}
            columns={[
              {
                title: c("edge"),
                render: (_, e) => (
                  <>
                    <b>{say(e.name) || e.id}</b> <small className="quiet">{e.id}</small>
                  </>
                ),
              },
              {
                title: c("state"),
                render: (_, e) => (
                  <span className={`edge ${e.state}`}>
                    <span aria-hidden>{shape[e.state]}</span> {t(`fleet.state.${e.state}`)}
                  </span>
                ),
              },
              {
                title: c("seen"),
                render: (_, e) =>
                  e.last_seen
                    ? t("point.ago", { age: age(t, now - Date.parse(e.last_seen)) })
                    : t("common.none"),
              },
              { title: c("clock"), render: (_, e) => `${e.clock_offset_ms} ms` },
              {
                title: c("pending"),
                render: (_, e) => `${e.pending?.["alarm"] ?? 0} / ${e.pending?.["telemetry"] ?? 0}`,
              },
              {
                title: c("disk"),
                render: (_, e) =>
                  e.disk_free ? `${(e.disk_free / 2 ** 30).toFixed(1)} GiB` : t("common.none"),
              },
              { title: c("devices"), render: (_, e) => `${e.devices} / ${e.points}` },
            ]}
          />
        )}
      </Loaded>
      <h1 className="second">{t("checkin.title")}</h1>
      <CheckIns />
    </main>
  );
}

/** CheckIns are the tags held to this community's readers, newest first. */
function CheckIns() {
  const { t } = useTranslation();
  return (
    <Loaded query={useCheckIns()}>
      {(d) => (
        <Table<CheckIn>
          rowKey={(c) => `${c.edge}/${c.uid}/${c.at}`}
          size="small"
          pagination={{ pageSize: 10, hideOnSinglePage: true }}
          dataSource={d.items}
          locale={{ emptyText: <Empty>{t("checkin.none")}</Empty> }}
          columns={[
            { title: t("checkin.at"), render: (_, c) => dateTime(c.at) },
            { title: t("checkin.reader"), render: (_, c) => say(c.name) },
            { title: t("checkin.place"), render: (_, c) => placeName(c.place, c.building_name) },
            { title: t("checkin.uid"), dataIndex: "uid" },
            { title: t("checkin.texts"), render: (_, c) => c.texts?.join(" · ") },
          ]}
        />
      )}
    </Loaded>
  );
}
