import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Popconfirm, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { get, post, request } from "../../api/client";
import type { Field as CondField } from "../../cond/fields";
import { namesOf } from "../../cond/fields";
import { sentence } from "../../cond/sentence";
import type { Expr } from "../../cond/types";
import { language, say } from "../../i18n";
import { Empty, Loaded, useProblemText } from "../../parts/states";
import { type Field, useDirectory } from "../work/api";
import { keys } from "./api";
import { useCondFields } from "../work/condfields";
import { Row, When } from "./inputs";

type Access = "r" | "w" | "hide";
interface Grant {
  id?: string;
  role: string;
  form: string;
  actions: string[];
  fields?: Record<string, Access>;
  rows?: Expr | null;
}

const actions = ["view", "create", "edit", "delete", "export", "import", "manage"];

/** The rows people mostly mean, as conditions. */
const scopes: Record<string, Expr | undefined> = {
  all: undefined,
  own: { op: "eq", l: { f: "_created_by" }, r: { me: "id" } },
  mine: { op: "eq", l: { f: "_owner" }, r: { me: "id" } },
  dept: { op: "self_or_sub", l: { f: "_dept" }, r: { me: "dept" } },
  buildings: { op: "in", l: { f: "_building" }, r: { me: "buildings" } },
};
const scopeOf = (e: Expr | null | undefined) =>
  Object.entries(scopes).find(([, x]) => JSON.stringify(x ?? null) === JSON.stringify(e ?? null))?.[0] ??
  "own-condition";

/** Grants says which role may do what with the records of a form, in which rows and fields. */
export function Grants({ form, fields, published }: { form: string; fields: Field[]; published: boolean }) {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: keys.grants(form),
    queryFn: () => get<Grant[]>(`/api/grants?form=${form}`),
    enabled: published,
  });
  const [editing, setEditing] = useState<Grant>();
  const [proposing, setProposing] = useState(false);
  const begin = async () => {
    setProposing(true);
    const g = await get<Grant>(`/api/grants/proposal?form=${form}`).catch(() => undefined);
    setProposing(false);
    setEditing({ role: "", form, actions: g?.actions ?? ["view", "create"], fields: g?.fields });
  };
  if (!published) return <Empty>{t("design.grantsLater")}</Empty>;
  return (
    <section className="design-grants" id="grants">
      <p className="quiet">{t("design.grantsAbout")}</p>
      <Loaded query={query}>
        {(list) => (
          <>
            {list.length === 0 && <Empty>{t("design.noGrants")}</Empty>}
            <table className="work-table">
              <tbody>
                {list.map((g) => (
                  <Line key={g.id} g={g} fields={fields} edit={() => setEditing(g)} />
                ))}
              </tbody>
            </table>
          </>
        )}
      </Loaded>
      {editing ? (
        <EditGrant
          key={editing.id ?? "new"}
          first={editing}
          fields={fields}
          form={form}
          close={() => setEditing(undefined)}
        />
      ) : (
        <Button type="dashed" id="add-grant" loading={proposing} onClick={() => void begin()}>
          {t("design.addGrant")}
        </Button>
      )}
    </section>
  );
}

function Line({ g, fields, edit }: { g: Grant; fields: Field[]; edit: () => void }) {
  const { t } = useTranslation();
  const roles = useDirectory().data?.roles ?? [];
  const cond = useRowFields(fields);
  const scope = scopeOf(g.rows);
  return (
    <tr>
      <th>{say(roles.find((r) => r.id === g.role)?.name) || g.role}</th>
      <td>
        {(g.actions ?? []).map((a) => (
          <span key={a} className="work-tag">
            {t(`design.actions.${a}`)}
          </span>
        ))}
      </td>
      <td>
        {g.actions?.every((a) => a === "create")
          ? "—" // what is not there yet is no record
          : scope === "own-condition"
            ? sentence(g.rows, language(), namesOf(cond))
            : t(`design.scopes.${scope}`)}
      </td>
      <td className="quiet">
        <Access of={g.fields ?? {}} fields={fields} />
      </td>
      <td>
        {g.form === "*" ? (
          t("design.everyForm")
        ) : (
          <Button size="small" onClick={edit}>
            {t("design.change")}
          </Button>
        )}
      </td>
    </tr>
  );
}

/** Access says which fields may be filled in, read or not seen. */
function Access({ of, fields }: { of: NonNullable<Grant["fields"]>; fields: Field[] }) {
  const { t } = useTranslation();
  const rest = of["*"] ?? "w";
  const named = Object.keys(of).filter((k) => k !== "*" && of[k] !== rest);
  if (named.length === 0) return t("design.allOf", { what: t(`design.accesses.${rest}`) });
  return (
    <>
      {(["w", "r", "hide"] as const).map((a) => {
        const names = named
          .filter((k) => of[k] === a)
          .map((k) => say(fields.find((f) => f.key === k)?.label) || k);
        return (
          names.length > 0 && (
            <div key={a}>
              {t(`design.accesses.${a}`)}
              {t("design.colon")}
              {names.join(language() === "en" ? ", " : "、")}
            </div>
          )
        );
      })}
      <div>{t("design.fieldsRest", { rest: t(`design.accesses.${rest}`) })}</div>
    </>
  );
}

/** useRowFields are what the rows of a grant can be chosen by: the fields, and the record's own. */
function useRowFields(fields: Field[]): CondField[] {
  const { t } = useTranslation();
  const own = useCondFields(fields);
  const system = (key: string, kind: CondField["kind"]): CondField => ({
    key,
    kind,
    label: { zh: t(`design.system.${key}`, { lng: "zh-CN" }), en: t(`design.system.${key}`, { lng: "en" }) },
  });
  return [
    ...own,
    system("_created_by", "user"),
    system("_owner", "user"),
    system("_dept", "dept"),
    system("_building", "option"),
    system("_state", "option"),
    system("_created_at", "instant"),
  ];
}

function EditGrant({
  first,
  fields,
  form,
  close,
}: {
  first: Grant;
  fields: Field[];
  form: string;
  close: () => void;
}) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const words = useProblemText();
  const roles = useDirectory().data?.roles ?? [];
  const cond = useRowFields(fields);
  const [g, setGrant] = useState(first);
  const [busy, setBusy] = useState(false);
  const scope = scopeOf(g.rows);
  const put = (patch: Partial<Grant>) => setGrant((x) => ({ ...x, ...patch }));
  const run = async (what: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await what();
      await client.invalidateQueries({ queryKey: keys.grants(form) });
      await client.invalidateQueries({ queryKey: ["forms"] });
      close();
    } catch (e) {
      void message.error(words(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="work-box design-props" id="edit-grant">
      <Row name={t("design.role")}>
        <Select
          id="grant-role"
          showSearch
          optionFilterProp="label"
          placeholder={t("work.choose")}
          value={g.role || undefined}
          onChange={(role) => put({ role })}
          options={roles.map((r) => ({ value: r.id, label: say(r.name) }))}
        />
      </Row>
      <Row name={t("design.may")}>
        <Select
          id="grant-actions"
          mode="multiple"
          value={g.actions}
          onChange={(a) => put({ actions: a })}
          options={actions.map((a) => ({ value: a, label: t(`design.actions.${a}`) }))}
        />
      </Row>
      <Row name={t("design.whichRows")}>
        <Select
          value={scope}
          onChange={(s) =>
            put({ rows: s === "own-condition" ? { op: "not_empty", l: { f: "_created_by" } } : scopes[s] })
          }
          options={[...Object.keys(scopes), "own-condition"].map((s) => ({
            value: s,
            label: t(`design.scopes.${s}`),
          }))}
        />
        {scope === "own-condition" && (
          <When
            id="grant-rows"
            value={g.rows}
            set={(rows) => put({ rows })}
            fields={cond}
            none={t("design.scopes.all")}
          />
        )}
      </Row>
      <FieldAccess g={g} fields={fields} set={(f) => put({ fields: f })} />
      <span className="verbs">
        <Button
          type="primary"
          id="save-grant"
          loading={busy}
          disabled={!g.role || g.actions.length === 0}
          onClick={() => void run(() => post("/api/grants", g))}
        >
          {t("design.save")}
        </Button>
        <Button onClick={close}>{t("design.cancel")}</Button>
        {g.id && (
          <Popconfirm
            title={t("design.removeGrantAsk")}
            onConfirm={() => run(() => request("DELETE", `/api/grants/${g.id}`))}
          >
            <Button danger>{t("design.remove")}</Button>
          </Popconfirm>
        )}
      </span>
    </div>
  );
}

function FieldAccess({
  g,
  fields,
  set,
}: {
  g: Grant;
  fields: Field[];
  set: (f: Record<string, Access> | undefined) => void;
}) {
  const { t } = useTranslation();
  const rest = g.fields?.["*"] ?? "w";
  const some = fields.filter((f) => !["section", "divider", "description"].includes(f.type));
  const options = (["w", "r", "hide"] as const).map((a) => ({ value: a, label: t(`design.accesses.${a}`) }));
  return (
    <Row name={t("design.whichFields")}>
      <span>
        {t("design.restFields")}{" "}
        <Segmented
          size="small"
          value={rest}
          onChange={(a) => set({ ...g.fields, "*": a })}
          options={options}
        />
      </span>
      <table className="design-access">
        <tbody>
          {some.map((f) => (
            <tr key={f.key}>
              <th>{say(f.label)}</th>
              <td>
                <Segmented
                  size="small"
                  value={g.fields?.[f.key] ?? rest}
                  onChange={(a) => set({ ...g.fields, [f.key]: a })}
                  options={options}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Row>
  );
}
