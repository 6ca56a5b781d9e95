import { Button, Input, Segmented, Table } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useOverview } from "../../api/queries";
import { say } from "../../i18n";
import { day, placeName, wall } from "../../parts/format";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Empty, Loaded } from "../../parts/states";
import { type DueTest, daysTo, found, keyOf, type State, states, useDue } from "./api";
import { NoteTest } from "./NoteTest";
import { TestSheet } from "./TestSheet";
import "./proof.css";

/** ProofTests says which devices are to be tested, and takes down that they were. */
export function ProofTests() {
  const { t } = useTranslation();
  return (
    <Page title={t("proof.title")} about={t("proof.about")}>
      <Loaded query={useDue()} lines={10}>
        {(all) =>
          all.length === 0 ? (
            <Empty>
              <strong>{t("proof.none")}</strong>
              <p>{t("proof.noneAbout")}</p>
            </Empty>
          ) : (
            <Schedule all={all} />
          )
        }
      </Loaded>
    </Page>
  );
}

/** usePlaceOf writes where a device is. */
function usePlaceOf() {
  const buildings = useOverview().data?.buildings;
  return useMemo(() => {
    const names = new Map((buildings ?? []).map((b) => [b.id, b.name]));
    return (d: DueTest) => placeName(d.place, names.get(d.place.building));
  }, [buildings]);
}

function Schedule({ all }: { all: DueTest[] }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const [params, setParams] = useSearchParams();
  const [chosen, setChosen] = useState<string[]>([]);
  const [noting, setNoting] = useState<DueTest[]>([]);
  const placeOf = usePlaceOf();
  const set = (key: string, value: string) =>
    setParams((old) => (value ? old.set(key, value) : old.delete(key), old), { replace: true });
  const state = states.find((s) => s === params.get("state")) ?? "all";
  const words = (d: DueTest) => `${say(d.name)} ${d.device} ${placeOf(d)} ${d.model ?? ""} ${d.profile}`;
  const list = found(all, state, params.get("q") ?? "", words);
  const picked = all.filter((d) => chosen.includes(keyOf(d)));
  const open = all.find((d) => keyOf(d) === params.get("device"));
  return (
    <>
      <div className="filters">
        <Segmented
          value={state}
          options={[
            { value: "all", label: t("proof.all", { n: all.length }) },
            ...states.map((s) => ({
              value: s,
              label: `${t(`proof.state.${s}`)} ${all.filter((d) => d.state === s).length}`,
            })),
          ]}
          onChange={(s) => set("state", s === "all" ? "" : s)}
        />
        <Input.Search
          allowClear
          placeholder={t("proof.search")}
          defaultValue={params.get("q") ?? ""}
          onChange={(e) => set("q", e.target.value)}
          style={{ width: 260 }}
        />
        <Button
          id="export-proof"
          href={`/api/proof-tests/export.xlsx?${asked(state, params.get("q"))}`}
          download
        >
          {t("proof.excel")}
        </Button>
        {may("alarm.out_of_service") && (
          <Button
            type="primary"
            id="note-tests"
            disabled={picked.length === 0}
            onClick={() => setNoting(picked)}
          >
            {picked.length > 1 ? t("proof.noteMany", { n: picked.length }) : t("proof.note")}
          </Button>
        )}
      </div>
      <DueTable
        list={list}
        placeOf={placeOf}
        chosen={chosen}
        choose={may("alarm.out_of_service") ? setChosen : undefined}
        open={(d) => set("device", keyOf(d))}
      />
      {open && (
        <TestSheet
          device={open}
          place={placeOf(open)}
          note={() => setNoting([open])}
          close={() => set("device", "")}
        />
      )}
      {noting.length > 0 && (
        <NoteTest
          devices={noting}
          close={(done) => {
            setNoting([]);
            if (done) setChosen([]);
          }}
        />
      )}
    </>
  );
}

/** asked are the filters of the list as the file wants them. */
function asked(state: State | "all", q: string | null) {
  const p = new URLSearchParams();
  if (state !== "all") p.set("state", state);
  if (q) p.set("q", q);
  return p.toString();
}

function DueTable(props: {
  list: DueTest[];
  placeOf: (d: DueTest) => string;
  chosen: string[];
  choose?: (keys: string[]) => void;
  open: (d: DueTest) => void;
}) {
  const { t } = useTranslation();
  return (
    <Table<DueTest>
      id="proof-tests"
      rowKey={keyOf}
      size="middle"
      dataSource={props.list}
      scroll={{ x: 900 }}
      pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
      locale={{ emptyText: t("proof.noneFound") }}
      rowSelection={
        props.choose && {
          selectedRowKeys: props.chosen,
          onChange: (keys) => props.choose?.(keys.map(String)),
        }
      }
      onRow={(d) => ({ onClick: () => props.open(d), className: "proof-row" })}
      columns={[
        {
          title: t("proof.device"),
          render: (_, d) => (
            <>
              <button type="button" className="proof-name" onClick={() => props.open(d)}>
                {say(d.name) || d.device}
              </button>
              <div className="quiet">{props.placeOf(d)}</div>
            </>
          ),
        },
        { title: t("proof.model"), render: (_, d) => d.model || d.profile },
        {
          title: t("proof.last"),
          render: (_, d) =>
            d.tested_at ? (
              <>
                {day(d.tested_at)}
                <div className="quiet">{d.tested_by || t("proof.rung")}</div>
              </>
            ) : (
              <span className="quiet">{t("proof.never")}</span>
            ),
        },
        {
          title: t("proof.due"),
          render: (_, d) => (
            <>
              {day(d.due_at)} <Distance due={d.due_at} state={d.state} />
              <div className="quiet">{t("proof.every", { days: d.days, grace: d.grace_days })}</div>
            </>
          ),
        },
        {
          title: t("proof.hazard"),
          render: (_, d) =>
            d.hazard && (
              <Link to={`/forms/${d.form}/records/${d.hazard}`} onClick={(e) => e.stopPropagation()}>
                {t("proof.openHazard")}
              </Link>
            ),
        },
      ]}
    />
  );
}

/** Distance says how far off a date is, with the mark of its state. */
export function Distance({ due, state }: { due: string; state: State }) {
  const { t } = useTranslation();
  const n = daysTo(due, Date.now(), wall);
  const text = n < 0 ? t("proof.late", { n: -n }) : n === 0 ? t("proof.today") : t("proof.inDays", { n });
  return (
    <span className={`proof-mark ${state}`} title={t(`proof.state.${state}`)}>
      {text}
    </span>
  );
}
