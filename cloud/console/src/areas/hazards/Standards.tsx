import { Input, Segmented, Table } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { say } from "../../i18n";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Empty, Loaded } from "../../parts/states";
import {
  type Catalogue,
  found,
  type Item,
  type Level,
  type Limit,
  type Scheme,
  score,
  type Standard,
  useCatalogue,
} from "./api";
import "./hazards.css";

const tabs = ["items", "levels", "risk"] as const;

/** Standards is what to look for, how grave it is and by when it has to be gone, with the source of each. */
export function Standards() {
  const { t } = useTranslation();
  const query = useCatalogue();
  const [params, setParams] = useSearchParams();
  const { may } = useSession();
  const tab = tabs.find((x) => x === params.get("tab")) ?? "items";
  return (
    <Page title={t("hazards.title")} about={t("hazards.about")}>
      <div className="filters">
        <Segmented
          value={tab}
          options={tabs.map((v) => ({ value: v, label: t(`hazards.tab.${v}`) }))}
          onChange={(v) => setParams(v === "items" ? {} : { tab: v }, { replace: true })}
        />
      </div>
      <Loaded query={query} lines={12}>
        {(c) => (
          <>
            {may("app.design") && tab !== "risk" && (
              <p>
                <Link to={tab === "levels" ? "/workbench/dictionaries/hazard-level" : edited(params, c)}>
                  {t("hazards.change")}
                </Link>
                {tab === "levels" && (
                  <>
                    {" · "}
                    <Link to="/workbench/calendars/work">{t("hazards.calendar")}</Link>
                  </>
                )}
              </p>
            )}
            {tab === "items" && <Items c={c} />}
            {tab === "levels" && <Levels c={c} />}
            {tab === "risk" && <Risk c={c} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** edited is where the items looked at are changed. */
const edited = (params: URLSearchParams, c: Catalogue) =>
  `/workbench/checklists/${params.get("category") ?? c.categories?.[0]?.id ?? ""}`;

function Items({ c }: { c: Catalogue }) {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const categories = c.categories ?? [];
  const standards = c.standards ?? [];
  const q = params.get("q") ?? "";
  const hits = categories.map((x) => ({ category: x, items: found(x.items ?? [], standards, q) }));
  const chosen =
    hits.find((h) => h.category.id === params.get("category")) ??
    hits.find((h) => h.items.length > 0) ??
    hits[0];
  const set = (key: string, value: string) =>
    setParams(
      (p) => {
        value ? p.set(key, value) : p.delete(key);
        return p;
      },
      { replace: true },
    );
  return (
    <>
      <div className="filters">
        <Input.Search
          allowClear
          style={{ width: 300 }}
          defaultValue={q}
          placeholder={t("hazards.search")}
          onSearch={(v) => set("q", v)}
        />
        <span className="quiet">{t("hazards.unverifiedAbout")}</span>
      </div>
      <div className="hazard-items">
        <nav aria-label={t("hazards.categories")}>
          {hits.map(({ category, items }) => (
            <button
              type="button"
              key={category.id}
              data-category={category.id}
              aria-current={category.id === chosen?.category.id}
              disabled={items.length === 0}
              onClick={() => set("category", category.id)}
            >
              {say(category.title)} <small>{items.length}</small>
            </button>
          ))}
        </nav>
        <ItemTable items={chosen?.items ?? []} c={c} q={q} />
      </div>
    </>
  );
}

function ItemTable({ items, c, q }: { items: Item[]; c: Catalogue; q: string }) {
  const { t } = useTranslation();
  return (
    <Table<Item>
      rowKey="id"
      size="small"
      pagination={false}
      dataSource={items}
      locale={{ emptyText: <Empty>{t("hazards.none", { q })}</Empty> }}
      columns={[
        {
          title: t("hazards.item"),
          render: (_, i) => (
            <>
              <b>{say(i.text)}</b>
              <div>{say(i.normal)}</div>
            </>
          ),
        },
        {
          title: t("hazards.method"),
          width: 150,
          render: (_, i) => (
            <>
              {t(`hazards.methods.${i.method}`)}
              {i.sensor && <div className="quiet">{t("hazards.sensor")}</div>}
            </>
          ),
        },
        {
          title: t("hazards.otherwise"),
          width: 120,
          render: (_, i) => <LevelTag level={c.levels?.items?.find((l) => l.code === i.level)} />,
        },
        {
          title: t("hazards.source"),
          width: 330,
          render: (_, i) => <Source of={c.standards?.find((s) => s.id === i.standard)} item={i} />,
        },
      ]}
    />
  );
}

function Source({ of, item }: { of: Standard | undefined; item: Item }) {
  const { t } = useTranslation();
  return (
    <>
      {of && say(of.title)} {item.clause && t("hazards.clause", { n: item.clause })}
      {!item.verified && <div className="unverified">{t("hazards.unverified")}</div>}
    </>
  );
}

/** LevelTag says a level by colour, shape and word. */
export function LevelTag({ level }: { level: Level | undefined }) {
  if (!level) return <>—</>;
  return <span className={`level is-${(level.color ?? "").replace("risk-", "")}`}>{say(level.label)}</span>;
}

function Levels({ c }: { c: Catalogue }) {
  const { t } = useTranslation();
  const limit = (l: Limit | undefined) => {
    if (l?.hours) return t("hazards.hours", { n: l.hours });
    if (l?.days) return t(l.working ? "hazards.workingDays" : "hazards.days", { n: l.days });
    return "—";
  };
  return (
    <>
      <Table<Level>
        rowKey="code"
        size="small"
        pagination={false}
        dataSource={(c.levels?.items ?? []).filter((l) => !l.retired)}
        locale={{ emptyText: <Empty>{t("hazards.noLevels")}</Empty> }}
        columns={[
          { title: t("hazards.level"), width: 140, render: (_, l) => <LevelTag level={l} /> },
          ...(c.levels?.limits ?? []).map((n) => ({
            title: say(n.label),
            width: 180,
            render: (_: unknown, l: Level) => limit(l.limits?.[n.id]),
          })),
          { title: t("hazards.note"), render: (_, l) => say(l.note) },
        ]}
      />
      <p className="quiet">{t("hazards.levelsAbout")}</p>
    </>
  );
}

function Risk({ c }: { c: Catalogue }) {
  return (
    <div className="schemes">
      {(c.schemes ?? []).map((s) => (
        <Scoring key={s.id} scheme={s} c={c} />
      ))}
    </div>
  );
}

function Scoring({ scheme, c }: { scheme: Scheme; c: Catalogue }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<Record<string, number>>({});
  const result = score(scheme, chosen);
  const grade = c.grades?.find((g) => g.id === result?.grade);
  return (
    <section className="card" data-scheme={scheme.id}>
      <h2>{say(scheme.name)}</h2>
      {(scheme.factors ?? []).map((f) => (
        <div key={f.id} className="factor">
          <span id={`${scheme.id}-${f.id}`}>
            {say(f.name)} <b>{f.id.toUpperCase()}</b>
          </span>
          <Segmented
            aria-labelledby={`${scheme.id}-${f.id}`}
            value={chosen[f.id] ?? ""}
            options={(f.values ?? []).map((v) => ({ value: v, label: String(v) }))}
            onChange={(v) => setChosen({ ...chosen, [f.id]: Number(v) })}
          />
        </div>
      ))}
      <p role="status" className="risk-result">
        {result && grade ? (
          <>
            <b>{result.value}</b> <span className={`level is-${grade.id}`}>{say(grade.name)}</span>{" "}
            {t("hazards.controlledBy", { who: say(grade.controlled_by) })}
          </>
        ) : (
          <span className="quiet">{t("hazards.chooseAll")}</span>
        )}
      </p>
      <ul className="bands">
        {(scheme.bands ?? []).map((b, i) => {
          const g = c.grades?.find((x) => x.id === b.grade);
          const above = scheme.bands?.[i - 1]?.from;
          return (
            <li key={b.grade}>
              <span className={`level is-${b.grade}`}>{g && say(g.name)}</span>{" "}
              {above === undefined ? `≥ ${b.from}` : `${b.from} – < ${above}`}
            </li>
          );
        })}
      </ul>
      {!scheme.verified && <p className="unverified">{t("hazards.bandsUnverified")}</p>}
    </section>
  );
}
