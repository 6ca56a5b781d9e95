import { Drawer, Input, Select, Table, Tabs } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useCheckIns, useFleet, useOverview } from "../api/queries";
import type { CheckIn, Edge, Point, Text } from "../api/types";
import { type DeviceRow, put, useDevice, useDevices, useTree } from "../areas/places/api";
import { useEdit } from "../areas/places/edit";
import { say } from "../i18n";
import { useNow } from "../live/context";
import { age, dateTime, placeName } from "../parts/format";
import { Value } from "../parts/marks";
import { Page } from "../parts/Page";
import { useSession } from "../parts/session";
import { Empty, Loaded } from "../parts/states";
import "../areas/places/places.css";

const edgeSigns = { online: "●", degraded: "▲", lost: "◆", never: "?" };
const deviceSigns: Record<string, string> = { alarm: "◆", fault: "▲", unknown: "?", planned: "◌", ok: "●" };
const worst: Record<string, number> = { alarm: 4, fault: 3, unknown: 2, planned: 1, ok: 0 };

type Go = (changes: Record<string, string>) => void;

/** Fleet is every edge and device: is it heard, what does it read, how fresh is that. */
export function Fleet() {
  const { t } = useTranslation();
  const { may } = useSession();
  const [params, setParams] = useSearchParams();
  const go: Go = (changes) =>
    setParams(
      (old) => {
        const p = new URLSearchParams(old);
        for (const [k, v] of Object.entries(changes)) v ? p.set(k, v) : p.delete(k);
        return p;
      },
      { replace: true },
    );
  const devices = useDevices(may("fleet.read"));
  const fleet = useFleet();
  const items = [
    {
      key: "edges",
      label: t("places.fleet.tabs.edges", { n: fleet.data?.edges.length ?? "" }),
      children: <Edges go={go} />,
    },
    ...(may("fleet.read")
      ? [
          {
            key: "devices",
            label: t("places.fleet.tabs.devices", { n: devices.data?.items.length ?? "" }),
            children: <Devices params={params} go={go} />,
          },
        ]
      : []),
    { key: "checkins", label: t("places.fleet.tabs.checkins"), children: <CheckIns /> },
  ];
  const open = params.get("device") ?? "";
  return (
    <Page title={t("places.fleet.title")} about={t("places.fleet.about")}>
      <Tabs
        items={items}
        activeKey={params.get("tab") ?? "edges"}
        onChange={(tab) => go({ tab: tab === "edges" ? "" : tab, device: "" })}
        destroyOnHidden
      />
      <DeviceSheet key={open} at={open} close={() => go({ device: "" })} />
    </Page>
  );
}

function useBuildingNames(): Map<string, Text> {
  const buildings = useOverview().data?.buildings;
  return useMemo(() => new Map((buildings ?? []).map((b) => [b.id, b.name])), [buildings]);
}

function Edges({ go }: { go: Go }) {
  const { t } = useTranslation();
  const now = useNow();
  const names = useBuildingNames();
  const c = (k: string) => t(`fleet.columns.${k}`);
  return (
    <Loaded query={useFleet()}>
      {(f) => (
        <Table<Edge>
          rowKey="id"
          size="middle"
          scroll={{ x: "max-content" }}
          pagination={f.edges.length > 50 ? { pageSize: 50 } : false}
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
            { title: t("places.fleet.building"), render: (_, e) => <EdgeBuilding edge={e} names={names} /> },
            {
              title: c("state"),
              render: (_, e) => (
                <span className={`edge ${e.state}`} data-edge-state={e.state}>
                  <span aria-hidden>{edgeSigns[e.state]}</span> {t(`fleet.state.${e.state}`)}
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
            {
              title: c("clock"),
              align: "right",
              render: (_, e) => (
                <>
                  {Math.abs(e.clock_offset_ms) > 5000 && (
                    <em className="warn">▲ {t("places.fleet.clockBad")}</em>
                  )}{" "}
                  {e.clock_offset_ms} ms
                </>
              ),
            },
            {
              title: c("pending"),
              align: "right",
              render: (_, e) => (
                <>
                  {(e.pending.alarm > 0 || e.pending.telemetry > 1000) && (
                    <em className="warn">▲ {t("places.fleet.waiting")}</em>
                  )}{" "}
                  {e.pending.alarm} / {e.pending.telemetry}
                </>
              ),
            },
            {
              title: c("disk"),
              align: "right",
              render: (_, e) =>
                e.disk_free ? `${(e.disk_free / 2 ** 30).toFixed(1)} GiB` : t("common.none"),
            },
            {
              title: c("devices"),
              align: "right",
              render: (_, e) => (
                <button type="button" className="text-link" onClick={() => go({ tab: "devices", q: e.id })}>
                  {e.devices} / {e.points}
                </button>
              ),
            },
            {
              title: `${t("places.fleet.software")} · ${t("places.fleet.config")}`,
              render: (_, e) => (
                <small className="quiet">
                  {e.software || "—"} · {e.config.slice(0, 8) || "—"}
                </small>
              ),
            },
          ]}
        />
      )}
    </Loaded>
  );
}

/** EdgeBuilding is where an edge stands; whoever may edit places can say so where the edge does not, or is wrong. */
function EdgeBuilding({ edge: e, names }: { edge: Edge; names: Map<string, Text> }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const edit = useEdit();
  const tree = useTree(may("fleet.edit"));
  if (!may("fleet.edit") || !tree.data) return say(names.get(e.building)) || e.building || "—";
  const site = tree.data.edge_sites.find((x) => x.edge === e.id);
  const move = (building: string) =>
    edit.run(() => put(`/api/edges/${e.id}/building`, { building, version: site?.version ?? 0 }));
  return (
    <Select
      size="small"
      style={{ minWidth: 150 }}
      aria-label={`${t("places.fleet.moveEdge")} ${e.id}`}
      value={site?.building || ""}
      onChange={(b) => void move(b)}
      options={[
        {
          value: "",
          label: site?.building
            ? t("places.fleet.asReported")
            : say(names.get(e.building)) || e.building || t("places.fleet.asReported"),
        },
        ...tree.data.buildings
          .filter((b) => !b.archived && b.id !== (site?.building ? "" : e.building))
          .map((b) => ({ value: b.id, label: say(b.name) })),
      ]}
    />
  );
}

/** matching are the devices that the filters let through, the worst first. */
export function matching(
  rows: DeviceRow[],
  names: Map<string, Text>,
  filter: { q: string; building: string; state: string },
) {
  const words = filter.q.toLowerCase().split(/\s+/).filter(Boolean);
  return rows
    .filter((d) => {
      if (filter.building && d.place.building !== filter.building) return false;
      if (filter.state && d.state !== filter.state) return false;
      if (words.length === 0) return true;
      const text =
        `${d.name.zh} ${d.name.en ?? ""} ${d.edge} ${d.id} ${d.model ?? ""} ${d.profile ?? ""} ${d.note ?? ""} ${placeName(d.place, names.get(d.place.building))}`.toLowerCase();
      return words.every((w) => text.includes(w));
    })
    .sort((a, b) => (worst[b.state] ?? 0) - (worst[a.state] ?? 0));
}

function Devices({ params, go }: { params: URLSearchParams; go: Go }) {
  const { t } = useTranslation();
  const names = useBuildingNames();
  const query = useDevices();
  const filter = {
    q: params.get("q") ?? "",
    building: params.get("building") ?? "",
    state: params.get("state") ?? "",
  };
  return (
    <>
      <div className="filters">
        <Input
          allowClear
          id="device-search"
          style={{ width: 280 }}
          value={filter.q}
          placeholder={t("places.fleet.search")}
          aria-label={t("places.fleet.search")}
          onChange={(e) => go({ q: e.target.value })}
        />
        <Select
          style={{ minWidth: 160 }}
          value={filter.building}
          onChange={(building) => go({ building })}
          aria-label={t("places.fleet.building")}
          options={[
            { value: "", label: t("places.fleet.anyBuilding") },
            ...[...names].map(([value, name]) => ({ value, label: say(name) })),
          ]}
        />
        <Select
          style={{ minWidth: 140 }}
          value={filter.state}
          onChange={(state) => go({ state })}
          aria-label={t("places.fleet.state")}
          options={[
            { value: "", label: t("places.fleet.anyState") },
            ...Object.keys(worst).map((value) => ({
              value,
              label: `${deviceSigns[value]} ${t(`places.fleet.states.${value}`)}`,
            })),
          ]}
        />
      </div>
      <Loaded query={query} lines={10}>
        {(d) => <DeviceTable all={d.items} shown={matching(d.items, names, filter)} names={names} go={go} />}
      </Loaded>
    </>
  );
}

export function DeviceState({ row }: { row: DeviceRow }) {
  const { t } = useTranslation();
  return (
    <span className={`device-state ${row.state}`} data-state={row.state}>
      <span aria-hidden>{deviceSigns[row.state] ?? "?"}</span> {t(`places.fleet.states.${row.state}`)}
    </span>
  );
}

function DeviceTable(props: { all: DeviceRow[]; shown: DeviceRow[]; names: Map<string, Text>; go: Go }) {
  const { t } = useTranslation();
  const { names } = props;
  const open = (d: DeviceRow) => props.go({ device: `${d.edge}/${d.id}` });
  return (
    <>
      <Table<DeviceRow>
        rowKey={(d) => `${d.edge}/${d.id}`}
        size="middle"
        virtual
        scroll={{ x: 1000, y: Math.max(320, innerHeight - 400) }}
        pagination={false}
        dataSource={props.shown}
        rowClassName="clickable"
        onRow={(d) => ({
          onClick: () => open(d),
          onKeyDown: (k) => k.key === "Enter" && open(d),
          tabIndex: 0,
        })}
        locale={{
          emptyText: (
            <Empty>{t(props.all.length > 0 ? "places.fleet.none" : "places.fleet.noneAtAll")}</Empty>
          ),
        }}
        columns={[
          { title: t("places.fleet.state"), width: 110, render: (_, d) => <DeviceState row={d} /> },
          {
            title: t("places.fleet.device"),
            width: 260,
            ellipsis: true,
            render: (_, d) => (
              <>
                <b>{say(d.name)}</b> <small className="quiet">{d.id}</small>
              </>
            ),
          },
          {
            title: t("places.fleet.place"),
            width: 280,
            ellipsis: true,
            render: (_, d) => placeName(d.place, names.get(d.place.building)),
          },
          {
            title: t("places.fleet.model"),
            width: 220,
            render: (_, d) => (
              <>
                <span className="oneline" title={d.model}>
                  {d.model || d.profile || "—"}
                </span>
                {d.reported && !d.verified && <small className="quiet">{t("places.fleet.unverified")}</small>}
              </>
            ),
          },
          {
            title: t("places.fleet.points"),
            width: 140,
            render: (_, d) => (
              <>
                {d.points}{" "}
                {d.bad > 0 && <span className="quality hatch">? {t("places.fleet.bad", { n: d.bad })}</span>}
              </>
            ),
          },
        ]}
      />
      <p className="quiet" id="device-count">
        {t("places.fleet.count", { shown: props.shown.length, all: props.all.length })}
      </p>
    </>
  );
}

/** DeviceSheet is one device with the value, age and quality of each point. */
function DeviceSheet({ at, close }: { at: string; close: () => void }) {
  const { t } = useTranslation();
  const [edge = "", id = ""] = at.split("/");
  return (
    <Drawer
      open={at !== ""}
      onClose={close}
      size={620}
      mask={false}
      title={t("places.fleet.device")}
      destroyOnHidden
    >
      {at && <DeviceBody edge={edge} id={id} />}
    </Drawer>
  );
}

function DeviceBody({ edge, id }: { edge: string; id: string }) {
  const { t } = useTranslation();
  const names = useBuildingNames();
  const { may } = useSession();
  return (
    <Loaded query={useDevice(edge, id)}>
      {({ device, row }) => (
        <article className="device-sheet" data-device={row.id}>
          <h2>{say(row.name)}</h2>
          <p>
            <DeviceState row={row} /> · {placeName(row.place, names.get(row.place.building))}
          </p>
          <p className="quiet">
            {row.edge} / {row.id} · {row.model || row.profile}
            {row.reported && !row.verified && ` · ${t("places.fleet.unverified")}`}
          </p>
          {row.note && <p>{row.note}</p>}
          {may("fleet.edit") && (
            <p>
              <Link to={`/places?node=d:${row.edge}/${row.id}`}>{t("places.fleet.editPlace")}</Link>
            </p>
          )}
          {device.points.length === 0 ? (
            <Empty>{t("places.fleet.noPoints")}</Empty>
          ) : (
            <Table<Point>
              rowKey="id"
              size="small"
              pagination={false}
              dataSource={device.points}
              columns={[
                {
                  title: t("places.fleet.point"),
                  width: 180,
                  render: (_, p) => <Link to={`/points/${p.edge}/${p.id}`}>{say(p.name)}</Link>,
                },
                { title: t("places.fleet.value"), render: (_, p) => <Value point={p} /> },
              ]}
            />
          )}
        </article>
      )}
    </Loaded>
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
