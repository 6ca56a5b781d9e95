import { Button, Dropdown, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { exportPath, useDrawn } from "../areas/points/queries";
import {
  nameOf,
  type PointRef,
  type Range,
  ranges,
  refOf,
  type Span,
  spanOf,
  wider,
} from "../areas/points/window";
import { useBuilding, usePoint } from "../api/queries";
import type { PointDetail } from "../api/types";
import { say } from "../i18n";
import { useNow } from "../live/context";
import { age, dateTime, placeName } from "../parts/format";
import { SeverityMark, Value } from "../parts/marks";
import { lineName, PointsChart } from "../parts/PointChart";
import { Empty, Loaded } from "../parts/states";
import "../areas/points/points.css";

const most = 6;

/** PointPage is one point: its newest value with unit, age and quality, and its curve beside others. */
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
      <Curves edge={edge} point={p.id} building={d.place.building} />
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

/** Curves is the chart with everything that changes what it shows; all of that is in the address. */
function Curves({ edge, point, building }: PointRef & { building: string }) {
  const { t } = useTranslation();
  const now = useNow();
  const [params, setParams] = useSearchParams();
  const span = spanOf(params, now);
  const others = params.getAll("with").flatMap((s) => refOf(s) ?? []);
  const refs = [{ edge, point }, ...others].slice(0, most);
  const { drawn } = useDrawn(refs, span);
  const set = (next: { range?: Range; span?: Span; others?: PointRef[] }) =>
    setParams(
      (old) => {
        const q = new URLSearchParams();
        const range = next.range ?? (next.span ? undefined : old.get("range"));
        if (range) q.set("range", range);
        const fixed = next.span ?? (next.range || !old.get("from") ? undefined : spanOf(old, now));
        if (fixed && !fixed.live) {
          q.set("from", new Date(fixed.from).toISOString());
          q.set("to", new Date(fixed.to).toISOString());
        }
        for (const r of next.others ?? others) q.append("with", nameOf(r));
        return q;
      },
      // A zoom can be taken back with the browser's own key.
      { replace: next.span === undefined },
    );
  const first = drawn[0]?.series;
  return (
    <section className="card">
      <div className="chart-bar">
        <Segmented
          value={span.live ? ((params.get("range") as Range) ?? "h1") : ""}
          options={(Object.keys(ranges) as Range[]).map((r) => ({ value: r, label: t(`points.range.${r}`) }))}
          onChange={(r) => set({ range: r as Range })}
        />
        <Button onClick={() => set({ span: wider(span, now) })}>{t("points.wider")}</Button>
        {!span.live && <Button onClick={() => set({ range: "h1" })}>{t("points.now")}</Button>}
        <Compare building={building} taken={refs} onPick={(r) => set({ others: [...others, r] })} />
        <span className="grow" />
        <Export refs={refs} span={span} bucket={Math.round((first?.resolution_ms ?? 0) / 1000)} />
      </div>
      <p className="quiet" id="span">
        {t("points.between", { from: dateTime(span.from), to: dateTime(span.to) })}
        {first &&
          ` · ${first.raw ? t("points.raw") : t("points.rolled", { n: age(t, first.resolution_ms) })} · ${t("points.zoomHint")}`}
      </p>
      {others.length > 0 && (
        <ul className="chart-lines">
          {drawn.map((l, i) => (
            <li key={nameOf(l.ref)} data-line={i}>
              <i aria-hidden /> {lineName(l)}
              {i > 0 && (
                <Button
                  type="text"
                  size="small"
                  aria-label={t("points.remove", { name: lineName(l) })}
                  onClick={() => set({ others: others.filter((o) => nameOf(o) !== nameOf(l.ref)) })}
                >
                  ✕
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      <PointsChart refs={refs} span={span} height={360} onZoom={(s) => set({ span: s })} />
      <small className="quiet">{t("point.gap")}</small>
    </section>
  );
}

function Compare({
  building,
  taken,
  onPick,
}: {
  building: string;
  taken: PointRef[];
  onPick: (r: PointRef) => void;
}) {
  const { t } = useTranslation();
  const b = useBuilding(building).data;
  const names = new Set(taken.map(nameOf));
  const options = (b?.devices ?? []).flatMap((dev) =>
    dev.points
      .map((p) => ({
        value: nameOf({ edge: p.edge, point: p.id }),
        label: `${placeName(dev.place, undefined)} ${say(dev.name)} · ${say(p.name)}`,
      }))
      .filter((o) => !names.has(o.value)),
  );
  return (
    <Select
      id="compare"
      showSearch={{ optionFilterProp: "label" }}
      value={null}
      disabled={taken.length >= most}
      placeholder={taken.length >= most ? t("points.tooMany") : t("points.compare")}
      notFoundContent={<Empty>{t("points.compareNone")}</Empty>}
      style={{ minWidth: 260 }}
      popupMatchSelectWidth={420}
      options={options}
      onChange={(v: string | null) => {
        const r = v ? refOf(v) : undefined;
        if (r) onPick(r);
      }}
    />
  );
}

function Export({ refs, span, bucket }: { refs: PointRef[]; span: Span; bucket: number }) {
  const { t } = useTranslation();
  const file = (format: "csv" | "xlsx" | "parquet", every: number, key: string) => ({
    key: `${format} ${every}`,
    label: (
      <a href={exportPath(refs, span, format, every)} download>
        {t(key, { format: format === "xlsx" ? "Excel" : format.toUpperCase() })}
      </a>
    ),
  });
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: [
          ...(bucket > 0
            ? [file("xlsx", bucket, "points.exportShown"), file("csv", bucket, "points.exportShown")]
            : []),
          file("xlsx", 0, "points.exportRaw"),
          file("csv", 0, "points.exportRaw"),
          file("parquet", 0, "points.exportRaw"),
        ],
      }}
    >
      <Button id="export">{t("points.export")} ▾</Button>
    </Dropdown>
  );
}
