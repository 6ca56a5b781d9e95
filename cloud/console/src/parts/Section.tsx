import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useBuilding } from "../api/queries";
import type { BuildingDetail, Device, Point } from "../api/types";
import { say } from "../i18n";
import { floorName } from "./format";
import { Value } from "./marks";
import { Empty, Loaded } from "./states";

const order = { alarm: 3, fault: 2, unknown: 1, ok: 0 };
type DeviceState = keyof typeof order;
const deviceShape: Record<DeviceState, string> = { alarm: "◆", fault: "▲", unknown: "?", ok: "·" };

/** Section is a building cut open: floors as rows, top floor first. A floor opens its devices. */
export function Section({ id, onBack }: { id: string; onBack: () => void }) {
  const { t } = useTranslation();
  const building = useBuilding(id);
  return (
    <>
      <Button type="text" onClick={onBack}>
        ← {t("console.back")}
      </Button>
      <Loaded query={building} lines={12}>
        {(b) => <Floors detail={b} />}
      </Loaded>
    </>
  );
}

function Floors({ detail }: { detail: BuildingDetail }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<number>();
  const floors = [...detail.building.floors].sort((a, b) => b - a);
  const on = (floor: number) => detail.devices.filter((d) => (d.place.floor ?? 0) === floor);
  const whole = on(0);
  return (
    <div className="section">
      <h2>{say(detail.building.name)}</h2>
      {whole.length > 0 && (
        <Floor
          name={t("console.wholeBuilding")}
          devices={whole}
          open={open === 0}
          toggle={() => setOpen(open === 0 ? undefined : 0)}
        />
      )}
      {floors.map((f) => (
        <Floor
          key={f}
          name={floorName(f)}
          devices={on(f)}
          open={open === f}
          toggle={() => setOpen(open === f ? undefined : f)}
        />
      ))}
    </div>
  );
}

function Floor(props: { name: string; devices: Device[]; open: boolean; toggle: () => void }) {
  const { t } = useTranslation();
  const worst = props.devices.reduce<DeviceState>((w, d) => (order[d.state] > order[w] ? d.state : w), "ok");
  return (
    <div className={`floor ${worst}`}>
      <button
        type="button"
        onClick={props.toggle}
        aria-expanded={props.open}
        disabled={props.devices.length === 0}
      >
        <b>{props.name}</b>
        <span className="devices">
          {props.devices.map((d) => (
            <i
              key={d.id}
              className={`device ${d.state} ${d.state === "unknown" ? "hatch" : ""}`}
              title={say(d.name)}
            >
              {deviceShape[d.state]}
            </i>
          ))}
        </span>
        <small>{props.devices.length > 0 ? t("console.devices", { n: props.devices.length }) : ""}</small>
      </button>
      {props.open &&
        (props.devices.length > 0 ? <Devices devices={props.devices} /> : <Empty>{t("device.none")}</Empty>)}
    </div>
  );
}

function Devices({ devices }: { devices: Device[] }) {
  const { t } = useTranslation();
  return (
    <div className="device-list">
      {devices.map((d) => (
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
