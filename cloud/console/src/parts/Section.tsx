import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useBuilding } from "../api/queries";
import type { BuildingDetail, Device, Point } from "../api/types";
import { say } from "../i18n";
import { floorName } from "./format";
import { Value } from "./marks";
import { FloorPlanSlot } from "./FloorPlanSlot";
import { Empty, Loaded } from "./states";

const order = { alarm: 3, fault: 2, unknown: 1, ok: 0 };
type DeviceState = keyof typeof order;
const deviceShape: Record<DeviceState, string> = { alarm: "◆", fault: "▲", unknown: "?", ok: "·" };

export interface Spot {
  building: string;
  /** "" shows the whole building */
  floor: string;
  point: string;
}

/** Section is a building cut open: floors as rows, entrances as columns. A floor opens its plan and devices. */
export function Section({ spot, go }: { spot: Spot; go: (s: Partial<Spot>) => void }) {
  const { t } = useTranslation();
  const building = useBuilding(spot.building);
  return (
    <>
      <Button
        type="text"
        onClick={() => go(spot.floor ? { floor: "", point: "" } : { building: "", point: "" })}
      >
        ← {spot.floor ? t("desk.backSection") : t("console.back")}
      </Button>
      <Loaded query={building} lines={12}>
        {(b) =>
          spot.floor ? <FloorView detail={b} spot={spot} /> : <Floors detail={b} spot={spot} go={go} />
        }
      </Loaded>
    </>
  );
}

const floorOf = (d: Device) => d.place.floor ?? 0;

function Floors({
  detail,
  spot,
  go,
}: {
  detail: BuildingDetail;
  spot: Spot;
  go: (s: Partial<Spot>) => void;
}) {
  const { t } = useTranslation();
  const b = detail.building;
  const floors = [...b.floors].sort((x, y) => y - x);
  const whole = detail.devices.filter((d) => floorOf(d) === 0);
  const named = b.unit_entrances.length > 1 ? b.unit_entrances : [""];
  // Devices of a floor that stand in no entrance (or in one nobody named) get a column of their own.
  const loose = named.length > 1 && detail.devices.some((d) => !named.includes(d.place.unit_entrance ?? ""));
  const entrances = loose ? [...named, ""] : named;
  const at = (floor: number, entrance: string) =>
    detail.devices.filter(
      (d) =>
        floorOf(d) === floor &&
        (named.length === 1 ||
          (entrance === ""
            ? !named.includes(d.place.unit_entrance ?? "")
            : d.place.unit_entrance === entrance)),
    );
  const cell = (floor: number, entrance: string) => (
    <Cell
      key={entrance}
      label={`${floor === 0 ? t("console.wholeBuilding") : floorName(floor)} ${entrance}`}
      devices={floor === 0 && named.length === 1 ? whole : at(floor, entrance)}
      onOpen={() => go({ building: b.id, floor: String(floor) })}
      current={spot.floor === String(floor)}
    />
  );
  return (
    <div className={`section ${floors.length > 20 ? "tall" : ""}`}>
      <div className="section-head">
        <h2>{say(b.name)}</h2>
        <small className="quiet">{t("console.devices", { n: detail.devices.length })}</small>
      </div>
      {entrances.length > 1 && (
        <div className="floor heads">
          <b />
          <span className="entrances">
            {entrances.map((e) => (
              <span key={e}>{e ? t("desk.entrance", { n: e }) : t("desk.common")}</span>
            ))}
          </span>
        </div>
      )}
      {[...(whole.length > 0 ? [0] : []), ...floors].map((f) => (
        <div className="floor" key={f} data-floor={f}>
          <b>{f === 0 ? t("console.wholeBuilding") : floorName(f)}</b>
          <span className="entrances">{entrances.map((e) => cell(f, e))}</span>
        </div>
      ))}
    </div>
  );
}

const worstOf = (devices: Device[]) =>
  devices.reduce<DeviceState>((w, d) => (order[d.state] > order[w] ? d.state : w), "ok");

function Cell(props: { label: string; devices: Device[]; onOpen: () => void; current: boolean }) {
  const { t } = useTranslation();
  const worst = worstOf(props.devices);
  const n = (s: DeviceState) => props.devices.filter((d) => d.state === s).length;
  return (
    <button
      type="button"
      className={props.devices.length > 0 ? worst : ""}
      disabled={props.devices.length === 0}
      aria-current={props.current}
      aria-label={`${props.label}: ${t("console.devices", { n: props.devices.length })}, ${t(`device.state.${worst}`)}`}
      onClick={props.onOpen}
    >
      {(["alarm", "fault", "unknown"] as const).map(
        (s) =>
          n(s) > 0 && (
            <i key={s} className={`device ${s} ${s === "unknown" ? "hatch" : ""}`}>
              {deviceShape[s]}
              {n(s) > 1 ? n(s) : ""}
            </i>
          ),
      )}
      {n("ok") > 0 && <i className="device ok">{n("ok") > 3 ? `·${n("ok")}` : "·".repeat(n("ok"))}</i>}
    </button>
  );
}

function FloorView({ detail, spot }: { detail: BuildingDetail; spot: Spot }) {
  const { t } = useTranslation();
  const floor = Number(spot.floor);
  const devices = detail.devices.filter((d) => floorOf(d) === floor);
  return (
    <div className="floor-view">
      <div className="section-head">
        <h2>
          {say(detail.building.name)} · {floor === 0 ? t("console.wholeBuilding") : floorName(floor)}
        </h2>
      </div>
      <FloorPlanSlot building={detail.building.id} floor={floor} point={spot.point} />
      {devices.length === 0 ? <Empty>{t("device.none")}</Empty> : <Devices devices={devices} />}
    </div>
  );
}

function Devices({ devices }: { devices: Device[] }) {
  const { t } = useTranslation();
  const worstFirst = [...devices].sort((a, b) => order[b.state] - order[a.state]);
  return (
    <div className="device-list">
      {worstFirst.map((d) => (
        <section key={d.id} data-device={d.id} data-state={d.state}>
          <h3>
            {say(d.name)} <small className={d.state}>{t(`device.state.${d.state}`)}</small>
          </h3>
          <ul>
            {d.points.map((p) => (
              <PointLine key={p.id} p={p} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function PointLine({ p }: { p: Point }) {
  return (
    <li>
      <Link to={`/points/${p.edge}/${p.id}`}>{say(p.name)}</Link>
      <Value point={p} />
    </li>
  );
}
