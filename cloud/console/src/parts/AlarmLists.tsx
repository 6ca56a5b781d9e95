import { type ReactNode, useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Proof, Claim } from "../api/desk";
import type { Load } from "../api/load";
import { useProofs, useSeats } from "../api/desk";
import type { Alarm } from "../api/types";
import { say } from "../i18n";
import { useNow } from "../live/context";
import { type Bundle, bundle, type GroupBy } from "../live/flood";
import { aside, type Group, groupOf, lifeSafety } from "../live/open";
import { usePainted } from "../live/painted";
import { AlarmRow, quietRowHeight, rowHeight } from "./AlarmRow";
import { clock, elapsed, placeName } from "./format";
import { useHeldRows } from "./held";
import { asked, type Override, OverrideRow, useExtra } from "./OverrideRow";
import { HazardIcon } from "./icons";
import { SeverityMark } from "./marks";
import { Empty } from "./states";
import { VirtualRows } from "./VirtualRows";

const none: Override[] = [];

export interface Chosen {
  selected: string;
  select: (id: string) => void;
  list: Exclude<Group, "unacked">;
  setList: (g: Exclude<Group, "unacked">) => void;
}

type Line = Alarm | Bundle;
const isBundle = (x: Line): x is Bundle => "alarms" in x;
const idOf = (x: Line) => (isBundle(x) ? `bundle ${x.key}` : x.id);

/** split puts open alarms into the four lists of the desk. */
export function split(items: Alarm[]): Record<Group, Alarm[]> {
  const out: Record<Group, Alarm[]> = { unacked: [], acked: [], rtn: [], aside: [] };
  for (const a of items) out[groupOf(a)].push(a);
  const until = (a: Alarm) => aside(a)?.until ?? "9";
  out.aside.sort((a, b) => (until(a) < until(b) ? -1 : 1));
  return out;
}

/** followedGroups are the groups in which others came after the first: only there "first" says something. */
function followedGroups(groups: Record<Group, Alarm[]>): ReadonlySet<string> {
  const out = new Set<string>();
  for (const list of [groups.unacked, groups.acked, groups.rtn]) {
    for (const a of list) if (!a.first_out && a.group) out.add(a.group);
  }
  return out;
}

/** AlarmLists is the "what": the unacknowledged above, everything else that is open below. */
export function AlarmLists(
  props: Chosen & {
    groups: Record<Group, Alarm[]>;
    flood: boolean;
    load?: Load;
    calm: ReactNode;
    noMatch?: string;
  },
) {
  const { groups, selected, select, list, setList } = props;
  const { t } = useTranslation();
  const notes = useNotes(groups.unacked);
  const flood = props.flood && groups.unacked.length > 0;
  const followed = useMemo(() => (flood ? followedGroups(groups) : new Set<string>()), [flood, groups]);
  const row = useCallback(
    (a: Alarm, style: React.CSSProperties) => (
      <AlarmRow
        key={a.id}
        alarm={a}
        style={style}
        selected={a.id === selected}
        onSelect={select}
        notes={{
          proof: notes.proofs.get(a.id),
          claim: notes.claims.get(a.id),
          firstOut: a.first_out && followed.has(a.group ?? ""),
        }}
      />
    ),
    [selected, select, notes, followed],
  );
  const extra = useExtra(groups.aside);
  const empty = groups.unacked.length === 0;
  const below = groups[list].length + (list === "aside" ? extra.length : 0);
  return (
    <div className={`lists ${empty ? "calm" : below === 0 ? "lone" : ""}`}>
      <section aria-label={t("console.unacked")}>
        {empty ? (
          props.noMatch ? (
            <Empty>{props.noMatch}</Empty>
          ) : (
            props.calm
          )
        ) : (
          <Unacked alarms={groups.unacked} flood={flood} load={props.load} selected={selected} row={row} />
        )}
      </section>
      <section>
        <Tabs groups={groups} extra={extra.length} list={list} setList={setList} />
        <Quiet
          key={list}
          list={list}
          alarms={groups[list]}
          extra={list === "aside" ? extra : none}
          selected={selected}
          row={row}
        />
      </section>
    </div>
  );
}

type Row = (a: Alarm, style: React.CSSProperties) => ReactNode;

function Unacked(props: { alarms: Alarm[]; flood: boolean; load?: Load; selected: string; row: Row }) {
  const { t } = useTranslation();
  const { shown, held, show, handlers } = useHeldRows(props.alarms);
  const [by, setBy] = useState<GroupBy>("building");
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [visible, setVisible] = useState<Alarm[]>([]);
  usePainted(visible);
  const lines = useMemo<Line[]>(() => {
    if (!props.flood) return shown;
    const { alone, bundles } = bundle(shown, by, props.load?.groups);
    return [...alone, ...bundles.flatMap((b): Line[] => (open.has(b.key) ? [b, ...b.alarms] : [b]))];
  }, [props.flood, props.load?.groups, shown, by, open]);
  const toggle = (key: string) =>
    setOpen((old) => {
      const next = new Set(old);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  const onShown = useCallback((inView: Line[]) => {
    const alarms = inView.flatMap((x) => (isBundle(x) ? x.alarms : [x]));
    setVisible((old) =>
      old.length === alarms.length && old.every((a, i) => a === alarms[i]) ? old : alarms,
    );
  }, []);
  return (
    <>
      {props.flood && (
        <div className="flood-note" role="status" data-flood>
          ▲ {t("desk.flood", { n: props.alarms.length })}
          {props.load && <small>{t("desk.floodNew", { n: props.load.new_10min })}</small>}
          <span className="grow" />
          {(["building", "hazard"] as const).map((g) => (
            <button
              key={g}
              type="button"
              className="plain-button"
              aria-pressed={by === g}
              onClick={() => setBy(g)}
            >
              {by === g ? "● " : ""}
              {t(`desk.by.${g}`)}
            </button>
          ))}
        </div>
      )}
      {held > 0 && (
        <button type="button" className="more" onClick={show}>
          {t("console.more", { n: held })}
        </button>
      )}
      <div style={{ display: "contents" }} {...handlers}>
        <VirtualRows
          id="unacked"
          label={t("console.unacked")}
          items={lines}
          keyOf={idOf}
          heightFor={rowHeight}
          reveal={props.selected}
          onShown={onShown}
          row={(x, style) =>
            isBundle(x) ? (
              <BundleRow
                key={idOf(x)}
                bundle={x}
                by={by}
                style={style}
                open={open.has(x.key)}
                toggle={() => toggle(x.key)}
              />
            ) : (
              props.row(x, style)
            )
          }
        />
      </div>
    </>
  );
}

/** BundleRow is one group of a flood, named after the alarm that came first. */
function BundleRow(props: {
  bundle: Bundle;
  by: GroupBy;
  open: boolean;
  toggle: () => void;
  style: React.CSSProperties;
}) {
  const { t } = useTranslation();
  const now = useNow();
  const { bundle: b } = props;
  const name =
    props.by === "building"
      ? say(b.first.building_name) || b.key
      : t(`hazard.${b.key}`, { defaultValue: b.key });
  return (
    <li className={`row bundle unacked ${b.worst}`} style={props.style} data-bundle={b.key}>
      <button type="button" onClick={props.toggle} aria-expanded={props.open}>
        <span className="line first">
          <SeverityMark severity={b.worst} filled />
          <b>
            {props.open ? "▾" : "▸"} {name}
          </b>
          <span className="nums">{t("desk.bundle", { n: b.alarms.length })}</span>
          <time>{elapsed(now - b.newest)}</time>
        </span>
        <span className="line">
          <span className="firstout">{t("desk.firstOut")}</span>
          <HazardIcon hazard={b.first.hazard} label={t(`hazard.${b.first.hazard}`)} />
          <span className="place">
            {clock(b.first.raised_at)} {say(b.first.title)} {placeName(b.first.place, b.first.building_name)}
          </span>
        </span>
      </button>
    </li>
  );
}

const tabs = ["acked", "rtn", "aside"] as const;

function Tabs({
  groups,
  extra,
  list,
  setList,
}: Pick<Chosen, "list" | "setList"> & { groups: Record<Group, Alarm[]>; extra: number }) {
  const { t } = useTranslation();
  return (
    <div className="list-tabs" role="tablist">
      {tabs.map((g) => (
        <button
          key={g}
          type="button"
          role="tab"
          aria-selected={g === list}
          id={`list-${g}`}
          onClick={() => setList(g)}
        >
          {t(`desk.list.${g}`)} <b>{groups[g].length + (g === "aside" ? extra : 0)}</b>
        </button>
      ))}
    </div>
  );
}

function Quiet(props: {
  list: Exclude<Group, "unacked">;
  alarms: Alarm[];
  extra: Override[];
  selected: string;
  row: Row;
}) {
  const { t } = useTranslation();
  const { shown, held, show, handlers } = useHeldRows(props.alarms);
  const { extra, row } = props;
  const lines = useMemo(
    () => [...extra.filter(asked), ...shown, ...extra.filter((o) => !asked(o))],
    [extra, shown],
  );
  if (lines.length === 0) return <Empty>{t(`desk.none.${props.list}`)}</Empty>;
  return (
    <>
      {held > 0 && (
        <button type="button" className="more" onClick={show}>
          {t("console.more", { n: held })}
        </button>
      )}
      <div style={{ display: "contents" }} {...handlers}>
        <VirtualRows
          label={t(`desk.list.${props.list}`)}
          items={lines}
          keyOf={(x) => x.id}
          heightFor={quietRowHeight}
          reveal={props.selected}
          row={(x, style) =>
            "status" in x ? <OverrideRow key={x.id} override={x} style={style} /> : row(x, style)
          }
        />
      </div>
    </>
  );
}

interface Notes {
  proofs: Map<string, Proof>;
  claims: Map<string, Claim>;
}

/** useNotes are what stands on a row beside the alarm itself: the second sensor, and who handles it. */
function useNotes(unacked: Alarm[]): Notes {
  const proofs = useProofs(unacked.some(lifeSafety)).data;
  const claims = useSeats().data?.claims;
  return useMemo(
    () => ({
      proofs: new Map((proofs ?? []).map((p) => [p.alarm, p])),
      claims: new Map((claims ?? []).map((c) => [c.alarm, c])),
    }),
    [proofs, claims],
  );
}
