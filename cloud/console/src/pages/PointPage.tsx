import { Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { usePoint } from "../api/queries";
import type { PointDetail } from "../api/types";
import { say } from "../i18n";
import { placeName } from "../parts/format";
import { SeverityMark, Value } from "../parts/marks";
import { PointChart } from "../parts/PointChart";
import { Empty, Loaded } from "../parts/states";

const ranges = { h1: 1, h6: 6, d1: 24, d7: 168 } as const;
type Range = keyof typeof ranges;

/** PointPage is one point: its newest value with unit, age and quality, and its curve. */
export function PointPage() {
  const { edge = "", point = "" } = useParams();
  return (
    <main className="page">
      <Loaded query={usePoint(edge, point)} lines={10}>
        {(d) => <Detail d={d} edge={edge} />}
      </Loaded>
    </main>
  );
}

function Detail({ d, edge }: { d: PointDetail; edge: string }) {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const range = (params.get("range") ?? "h1") as Range;
  const p = d.point;
  return (
    <div className="stack">
      <section className="card point-head">
        <div>
          <h1>
            {say(d.device.name)} · {say(p.name)}
          </h1>
          <p className="place">{placeName(d.place, d.building_name)}</p>
          <p className="quiet">
            {d.device.model}
            {!d.device.verified && ` · ${t("point.unverified")}`}
          </p>
        </div>
        <div className="big">
          <Value point={p} />
        </div>
      </section>
      <section className="card">
        <Segmented
          value={range}
          options={(Object.keys(ranges) as Range[]).map((r) => ({ value: r, label: t(`point.range.${r}`) }))}
          onChange={(r) => setParams({ range: r }, { replace: true })}
        />
        <PointChart edge={edge} point={p.id} hours={ranges[range] ?? 1} height={360} />
        <small className="quiet">{t("point.gap")}</small>
      </section>
      <section className="card">
        <h2>{t("point.alarms")}</h2>
        {d.alarms.length === 0 && <Empty>{t("point.noAlarms")}</Empty>}
        <ul className="links">
          {d.alarms.map((a) => (
            <li key={a.id}>
              <SeverityMark severity={a.severity} filled={a.state === "unacked"} />{" "}
              <Link to={`/alarms/${a.id}`}>{say(a.title)}</Link>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
