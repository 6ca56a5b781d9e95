import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, Dropdown, Input, Select, Upload } from "antd";
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { get, post, Problem } from "../../api/client";
import { useBuilding } from "../../api/queries";
import type { components } from "../../api/schema.gen";
import type { Device } from "../../api/types";
import { say } from "../../i18n";
import { dateTime, floorName } from "../../parts/format";
import { drawingOf, type Item, Mark, type Plan, planKey, planOf, type Position } from "../../parts/FloorPlan";
import { Page } from "../../parts/Page";
import { PlanCanvas } from "../../parts/PlanCanvas";
import { useSession } from "../../parts/session";
import { Empty, Loaded, useProblemText } from "../../parts/states";
import { put as send, useTree } from "./api";
import { type History, keyOf, nudge, put, redo, takeOff, undo } from "./positions";
import { upload } from "./upload";
import "./places.css";

type Image = components["schemas"]["FloorImage"];

/** Plans is where drawings are uploaded and devices are put where they are. */
export function Plans() {
  const { t } = useTranslation();
  const tree = useTree();
  const [params, setParams] = useSearchParams();
  const buildings = (tree.data?.buildings ?? []).filter((b) => !b.archived);
  const building = params.get("building") ?? (buildings.length === 1 ? buildings[0]!.id : "");
  const floors = (tree.data?.floors ?? [])
    .filter((f) => f.building === building && !f.archived)
    .sort((a, b) => b.pos - a.pos);
  const floor = params.get("floor") ?? "";
  const go = (b: string, f: string) =>
    setParams({ building: b, ...(f ? { floor: f } : {}) }, { replace: true });
  return (
    <Page title={t("places.plan.title")} about={t("places.plan.about")}>
      <Loaded query={tree}>
        {() => (
          <>
            <div className="filters">
              <Select
                showSearch
                optionFilterProp="label"
                style={{ minWidth: 200 }}
                aria-label={t("places.tree.building")}
                value={building || undefined}
                placeholder={t("places.tree.building")}
                onChange={(b) => go(b, "")}
                options={buildings.map((b) => ({ value: b.id, label: say(b.name) }))}
              />
              <Select
                showSearch
                optionFilterProp="label"
                style={{ minWidth: 160 }}
                id="plan-floor"
                aria-label={t("places.tree.floor")}
                value={floor || undefined}
                placeholder={t("places.tree.floor")}
                onChange={(f) => go(building, f)}
                options={floors.map((f) => ({
                  value: String(f.number),
                  label: f.name.zh ? say(f.name) : floorName(f.number),
                }))}
              />
            </div>
            {building && floors.length === 0 ? (
              <Empty>{t("places.plan.noFloors")}</Empty>
            ) : building && floor ? (
              <FloorEditor key={`${building}/${floor}`} building={building} floor={Number(floor)} />
            ) : (
              <Empty>{t("places.plan.choose")}</Empty>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function FloorEditor({ building, floor }: { building: string; floor: number }) {
  const plan = useQuery({ queryKey: planKey(building, floor), queryFn: () => planOf(building, floor) });
  const detail = useBuilding(building);
  return (
    <Loaded query={plan} lines={8}>
      {(p) => (
        <Loaded query={detail} lines={8}>
          {(d) => <Editor plan={p} devices={d.devices} />}
        </Loaded>
      )}
    </Loaded>
  );
}

type Saving = "saved" | "saving" | "unsaved";

/** useSaved keeps the history and writes it half a second after the last move. */
function useSaved(plan: Plan) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const cache = useQueryClient();
  const words = useProblemText();
  const [history, setHistory] = useState<History>({ now: plan.positions, past: [], future: [] });
  const [saving, setSaving] = useState<Saving>("saved");
  const version = useRef(plan.version);
  const written = useRef(plan.positions);
  const busy = useRef(false);
  const latest = useRef(history.now);
  latest.current = history.now;
  useEffect(() => {
    // What the server has is taken over unless a hand has moved something since.
    if (plan.version > version.current && latest.current === written.current) {
      version.current = plan.version;
      written.current = plan.positions;
      setHistory({ now: plan.positions, past: [], future: [] });
    }
  }, [plan]);
  const write = useCallback(async () => {
    if (busy.current || latest.current === written.current) return;
    busy.current = true;
    setSaving("saving");
    const sent = latest.current;
    try {
      const next = await send<Plan>(`/api/floorplans/${plan.building}/${plan.floor}/positions`, {
        version: version.current,
        positions: sent,
      });
      version.current = next.version;
      written.current = sent;
      cache.setQueryData(planKey(plan.building, plan.floor), next);
      setSaving(latest.current === sent ? "saved" : "unsaved");
    } catch (e) {
      setSaving("unsaved");
      if (e instanceof Problem && e.status === 409) {
        const fresh = await planOf(plan.building, plan.floor);
        version.current = fresh.version;
        written.current = fresh.positions;
        setHistory({ now: fresh.positions, past: [], future: [] });
        cache.setQueryData(planKey(plan.building, plan.floor), fresh);
        setSaving("saved");
        void message.warning(`${words(e)} ${t("places.plan.conflict")}`, 8);
      } else void message.error(words(e));
    } finally {
      busy.current = false;
    }
  }, [cache, message, plan.building, plan.floor, t, words]);
  const writing = useRef(write);
  writing.current = write;
  useEffect(() => {
    if (history.now === written.current) return;
    setSaving("unsaved");
    const timer = setTimeout(() => void writing.current(), 500);
    return () => clearTimeout(timer);
  }, [history.now, saving === "saving"]); // eslint-disable-line react-hooks/exhaustive-deps
  // What was moved in the last half second is not lost when the page is left.
  useEffect(() => () => void writing.current(), []);
  return { history, setHistory, saving, version };
}

interface Entry {
  key: string;
  edge: string;
  id: string;
  name: string;
  item: Item;
}

function entriesOf(plan: Plan, devices: Device[], points: boolean): Entry[] {
  const here = devices.filter((d) => (d.place.floor ?? 0) === plan.floor);
  const placed = new Set(plan.positions.map(keyOf));
  const wholes = devices
    .filter((d) => here.includes(d) || placed.has(`${d.edge}/${d.id}`))
    .map((d) => ({
      key: `${d.edge}/${d.id}`,
      edge: d.edge,
      id: d.id,
      name: say(d.name),
      item: { device: d },
    }));
  const single = devices.flatMap((d) =>
    d.points
      .filter((p) => points || placed.has(`${d.edge}/${p.id}`))
      .map((p) => ({
        key: `${d.edge}/${p.id}`,
        edge: d.edge,
        id: p.id,
        name: `${say(d.name)} · ${say(p.name)}`,
        item: { device: d, point: p },
      })),
  );
  return [...wholes, ...single];
}

function Editor({ plan, devices }: { plan: Plan; devices: Device[] }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const { history, setHistory, saving, version } = useSaved(plan);
  const [selected, setSelected] = useState("");
  const [points, setPoints] = useState(false);
  const [q, setQ] = useState("");
  const drawing = drawingOf(plan);
  const entries = entriesOf({ ...plan, positions: history.now }, devices, points);
  const at = new Map(history.now.map((p) => [keyOf(p), p]));
  const loose = entries.filter((e) => !at.has(e.key) && e.name.toLowerCase().includes(q.toLowerCase()));
  const writable = may("fleet.edit");
  const stand = (key: string, spot: { x: number; y: number }, step = true) => {
    const e = entries.find((x) => x.key === key);
    if (e && writable) setHistory((h) => put(h, { edge: e.edge, id: e.id, ...spot }, step));
  };
  const onKey = (e: KeyboardEvent) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    const by = e.shiftKey ? 0.02 : 0.004;
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "z") setHistory(e.shiftKey ? redo : undo);
    else if (way && selected && at.has(selected))
      setHistory((h) => nudge(h, selected, by * way[0]!, by * way[1]!));
    else if (e.key === "Delete" && selected) setHistory((h) => takeOff(h, selected));
    else if (e.key === "Escape") setSelected("");
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <div className="plan-editor">
      <div className="plan-main">
        <div className="places-verbs plan-bar">
          {writable && (
            <>
              <Drawings plan={plan} version={version} />
              <Button disabled={history.past.length === 0} onClick={() => setHistory(undo)} id="plan-undo">
                {t("places.plan.undo")}
              </Button>
              <Button disabled={history.future.length === 0} onClick={() => setHistory(redo)}>
                {t("places.plan.redo")}
              </Button>
              <Button disabled={!at.has(selected)} onClick={() => setHistory((h) => takeOff(h, selected))}>
                {t("places.plan.takeOff")}
              </Button>
            </>
          )}
          <span className="quiet" role="status" id="plan-saving" data-saving={saving}>
            {t(`places.plan.${saving}`)}
          </span>
          <span className="grow" />
          <span className="quiet">
            {plan.image
              ? t("places.plan.size", { w: plan.image.width, h: plan.image.height })
              : t("places.plan.schematic")}
          </span>
        </div>
        <div className="plan-frame" onKeyDownCapture={onKey}>
          <PlanCanvas
            drawing={drawing}
            label={t("places.plan.label", { floor: floorName(plan.floor) })}
            onSpot={(spot) => selected && stand(selected, spot)}
            onDropItem={(spot, key) => {
              stand(key, spot);
              setSelected(key);
            }}
            marks={(unit, fraction) =>
              entries
                .flatMap((e) => {
                  const p = at.get(e.key);
                  return p ? [{ e, p }] : [];
                })
                .map(({ e, p }) => (
                  <Movable
                    key={e.key}
                    entry={e}
                    spot={p}
                    at={{ x: p.x * drawing.w, y: p.y * drawing.h }}
                    unit={unit}
                    selected={selected === e.key}
                    select={() => setSelected(e.key)}
                    move={writable ? (event, first) => stand(e.key, fraction(event), first) : undefined}
                  />
                ))
            }
          />
        </div>
        <p className="quiet">{writable && t("places.plan.dragHint")}</p>
      </div>
      <aside className="places-box">
        <h2>
          {t("places.plan.unplaced", { n: loose.length })}
          <small className="quiet"> · {t("places.plan.placed", { n: at.size })}</small>
        </h2>
        <Checkbox checked={points} onChange={(e) => setPoints(e.target.checked)}>
          {t("places.plan.withPoints")}
        </Checkbox>
        {(loose.length > 8 || q) && (
          <Input
            allowClear
            value={q}
            placeholder={t("places.tree.search")}
            onChange={(e) => setQ(e.target.value)}
          />
        )}
        {loose.length === 0 && <Empty>{t("places.plan.allPlaced")}</Empty>}
        <ul className="plan-loose">
          {loose.map((e) => (
            <li key={e.key}>
              <button
                type="button"
                draggable={writable}
                data-loose={e.id}
                aria-pressed={selected === e.key}
                onDragStart={(d) => d.dataTransfer.setData("text/plain", e.key)}
                onClick={() => setSelected(selected === e.key ? "" : e.key)}
                onDoubleClick={() => stand(e.key, { x: 0.5, y: 0.5 })}
              >
                {e.name} <small className="quiet">{e.id}</small>
              </button>
            </li>
          ))}
        </ul>
      </aside>
    </div>
  );
}

function Movable(props: {
  entry: Entry;
  spot: Position;
  at: { x: number; y: number };
  unit: number;
  selected: boolean;
  select: () => void;
  move: ((e: { clientX: number; clientY: number }, first: boolean) => void) | undefined;
}) {
  const { entry, move } = props;
  const from = useRef<{ x: number; y: number; moved: boolean } | undefined>(undefined);
  return (
    <g
      className="movable"
      data-placed={entry.id}
      onClick={(e) => e.stopPropagation()}
      onFocus={props.select}
      onPointerDown={(e) => {
        e.stopPropagation();
        props.select();
        if (!move) return;
        from.current = { x: e.clientX, y: e.clientY, moved: false };
        e.currentTarget.setPointerCapture(e.pointerId);
      }}
      onPointerMove={(e) => {
        const f = from.current;
        if (!f || !move || (!f.moved && Math.hypot(e.clientX - f.x, e.clientY - f.y) < 4)) return;
        move(e, !f.moved);
        f.moved = true;
      }}
      onPointerUp={() => (from.current = undefined)}
      onPointerCancel={() => (from.current = undefined)}
    >
      <Mark
        item={{ ...entry.item, spot: props.spot }}
        at={props.at}
        unit={props.unit}
        alarms={[]}
        highlight={props.selected}
        label
      />
    </g>
  );
}

/** Drawings uploads an image or takes an earlier one back; each is kept. */
function Drawings({ plan, version }: { plan: Plan; version: { current: number } }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const cache = useQueryClient();
  const [percent, setPercent] = useState<number>();
  const path = `/api/floorplans/${plan.building}/${plan.floor}`;
  const had = useQuery({
    queryKey: [...planKey(plan.building, plan.floor), "images", plan.version],
    queryFn: () => get<{ items: Image[] }>(`${path}/images`),
  });
  const take = async (act: () => Promise<Plan>) => {
    try {
      const next = await act();
      version.current = next.version;
      cache.setQueryData(planKey(plan.building, plan.floor), next);
    } catch (e) {
      void message.error(words(e), 6);
      await cache.invalidateQueries({ queryKey: planKey(plan.building, plan.floor) });
    } finally {
      setPercent(undefined);
    }
  };
  const choose = (n: number) =>
    void take(() => post<Plan>(`${path}/choose`, { version: version.current, n }));
  const name = (file: File) => `version=${version.current}&name=${encodeURIComponent(file.name.slice(-80))}`;
  return (
    <>
      <Upload
        accept="image/png,image/jpeg"
        showUploadList={false}
        beforeUpload={(file) => {
          void take(async () =>
            JSON.parse(await (await upload(`${path}/image?${name(file)}`, file, setPercent)).text()),
          );
          return false;
        }}
      >
        <Button type="primary" loading={percent !== undefined} title={t("places.plan.hint")} id="plan-upload">
          {t(plan.image ? "places.plan.replace" : "places.plan.upload")}
          {percent !== undefined && ` ${percent}%`}
        </Button>
      </Upload>
      {(had.data?.items.length ?? 0) > 0 && (
        <Dropdown
          trigger={["click"]}
          menu={{
            onClick: (e) => choose(Number(e.key)),
            items: [
              ...(had.data?.items ?? []).map((i) => ({
                key: String(i.n),
                label: `${i.name || i.hash.slice(0, 8)} · ${i.by} · ${dateTime(i.at)}${plan.image?.n === i.n ? ` · ${t("places.plan.current")}` : ""}`,
              })),
              { key: "0", label: t("places.plan.none") },
            ],
          }}
        >
          <Button>{t("places.plan.versions")}</Button>
        </Dropdown>
      )}
    </>
  );
}
