import { Button, Input, Segmented, Table, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { say } from "../../i18n";
import { dateTime } from "../../parts/format";
import { Page } from "../../parts/Page";
import { useSpelled } from "../../parts/pinyin";
import { Empty, Loaded } from "../../parts/states";
import { type Person, usePeople, usePlaces, useRoles, useUnits } from "./api";
import "./people.css";
import { NewPerson } from "./NewPerson";
import { PersonSheet } from "./PersonSheet";

function matches(p: Person, q: string): boolean {
  return [p.name, p.username, p.phone, p.employee_no].some((v) => v.toLowerCase().includes(q.toLowerCase()));
}

/** People lists who may sign in; a row opens that person's sheet. */
export function People() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const query = usePeople();
  const fits = useSpelled();
  const q = params.get("q") ?? "";
  const show = params.get("show") ?? "active";
  const set = (changes: Record<string, string>) =>
    setParams(
      (old) => {
        for (const [k, v] of Object.entries(changes)) {
          if (v) old.set(k, v);
          else old.delete(k);
        }
        return old;
      },
      { replace: true },
    );
  return (
    <Page
      title={t("people.list.title")}
      about={t("people.list.about")}
      verbs={
        <Button type="primary" onClick={() => set({ person: "new" })}>
          {t("people.list.add")}
        </Button>
      }
    >
      <div className="filters">
        <Input.Search
          allowClear
          defaultValue={q}
          placeholder={t("people.list.search")}
          onChange={(e) => set({ q: e.target.value })}
          style={{ width: 320 }}
        />
        <Segmented
          value={show}
          onChange={(v) => set({ show: v === "active" ? "" : v })}
          options={["active", "disabled", "all"].map((v) => ({
            value: v,
            label: v === "all" ? t("people.all") : t(`people.list.${v}`),
          }))}
        />
      </div>
      <Loaded query={query} lines={8}>
        {(all) => {
          const rows = all.filter(
            (p) => (matches(p, q) || fits(p.name, q)) && (show === "all" || p.active === (show === "active")),
          );
          const chosen = all.find((p) => p.id === params.get("person"));
          return (
            <>
              <PeopleTable rows={rows} q={q} open={(id) => set({ person: id })} />
              {params.get("person") === "new" && (
                <NewPerson close={(id) => set({ person: id ?? "", show: "" })} />
              )}
              {chosen && <PersonSheet key={chosen.id} person={chosen} close={() => set({ person: "" })} />}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function PeopleTable({ rows, q, open }: { rows: Person[]; q: string; open: (id: string) => void }) {
  const { t } = useTranslation();
  const units = useUnits().data ?? [];
  return (
    <Table<Person>
      rowKey="id"
      size="middle"
      dataSource={rows}
      pagination={rows.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
      scroll={{ x: 900 }}
      rowClassName={(p) => (p.active ? "row-link" : "row-link off")}
      onRow={(p) => ({ onClick: () => open(p.id) })}
      locale={{
        emptyText: <Empty>{q ? t("people.list.nobody", { q }) : t("people.list.empty")}</Empty>,
      }}
      columns={[
        {
          title: t("people.list.name"),
          width: 170,
          render: (_, p) => (
            <button type="button" className="link-name" onClick={() => open(p.id)}>
              <strong>{p.name}</strong>
              <span className="quiet">{p.username}</span>
            </button>
          ),
        },
        { title: t("people.list.parts"), render: (_, p) => <Parts person={p} /> },
        {
          title: t("people.list.posts"),
          width: 170,
          render: (_, p) =>
            p.posts.map((id) => say(units.find((u) => u.id === id)?.name)).join("、") || (
              <span className="quiet">—</span>
            ),
        },
        {
          title: t("people.list.phone"),
          width: 140,
          render: (_, p) => p.phone || <span className="quiet">—</span>,
        },
        { title: t("people.list.state"), width: 190, render: (_, p) => <States person={p} /> },
        {
          title: t("people.list.seen"),
          width: 140,
          render: (_, p) =>
            p.last_seen ? dateTime(p.last_seen).slice(0, -3) : <span className="quiet">—</span>,
        },
      ]}
    />
  );
}

/** Parts is what a person plays and where, in words. */
export function Parts({ person }: { person: Pick<Person, "assignments"> }) {
  const { t } = useTranslation();
  const roles = useRoles().data?.roles ?? [];
  const places = usePlaces(t("people.sheet.everywhere"));
  if (person.assignments.length === 0) return <span className="quiet">{t("people.list.noPart")}</span>;
  return (
    <div className="parts">
      {person.assignments.map((a) => (
        <span key={`${a.role} ${a.scope}`} className="part">
          <b>{say(roles.find((r) => r.id === a.role)?.name) || a.role}</b> {places.name(a.scope)}
        </span>
      ))}
    </div>
  );
}

function States({ person }: { person: Person }) {
  const { t } = useTranslation();
  if (!person.active) return <Tag>{t("people.list.disabled")}</Tag>;
  return (
    <div className="parts">
      {person.locked_until && <Tag color="warning">{t("people.list.lockedOut")}</Tag>}
      {person.must_change_password && <Tag>{t("people.list.mustChange")}</Tag>}
      {!person.has_password && <Tag>{t("people.list.outside")}</Tag>}
      {person.totp && <Tag>{t("people.list.totp")}</Tag>}
      {person.sessions > 0 && (
        <span className="quiet">{t("people.list.online", { n: person.sessions })}</span>
      )}
    </div>
  );
}
