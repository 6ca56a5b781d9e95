import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Form, Input, InputNumber, Select, Switch, Tag, Tree, TreeSelect } from "antd";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { post } from "../../api/client";
import { say } from "../../i18n";
import { Page } from "../../parts/Page";
import { useSpelled } from "../../parts/pinyin";
import { useSession } from "../../parts/session";
import { Empty, Loaded } from "../../parts/states";
import { peopleKeys, type Person, put, remove, type Unit, usePeople, useUnits } from "./api";
import { useSubmit } from "./forms";
import "./people.css";
import { below, type Node, treeOf } from "./tree";

const kinds = ["company", "community", "department", "post"] as const;

/** Organisation is the tree of companies, communities, departments and posts. */
export function Organisation() {
  const { t } = useTranslation();
  const { me } = useSession();
  const query = useUnits();
  const [params, setParams] = useSearchParams();
  const chosen = params.get("unit") ?? "";
  const adding = params.get("add");
  const mayEdit = me.reach["user.manage"]?.all === true;
  const go = (unit: string, add?: string) =>
    setParams({ ...(unit ? { unit } : {}), ...(add !== undefined ? { add } : {}) });
  return (
    <Page
      title={t("people.org.title")}
      about={t("people.org.about")}
      verbs={
        mayEdit && (
          <Button onClick={() => go("", "")} type="primary">
            {t("people.org.addRoot")}
          </Button>
        )
      }
    >
      <Loaded query={query} lines={8}>
        {(units) => {
          const unit = units.find((u) => u.id === chosen);
          return (
            <div className="split">
              <div className="panel-box">
                {units.length === 0 && <Empty>{t("people.org.empty")}</Empty>}
                <UnitTree units={units} chosen={chosen} choose={(id) => go(id)} />
              </div>
              <div className="panel-box">
                {adding !== null ? (
                  <UnitForm key={`new ${adding}`} units={units} parent={adding} done={(id) => go(id)} />
                ) : unit ? (
                  <UnitView
                    key={unit.id}
                    unit={unit}
                    units={units}
                    mayEdit={mayEdit}
                    add={() => go(unit.id, unit.id)}
                    gone={() => go("")}
                  />
                ) : (
                  units.length > 0 && <Empty>{t("people.org.choose")}</Empty>
                )}
              </div>
            </div>
          );
        }}
      </Loaded>
    </Page>
  );
}

function UnitTree({
  units,
  chosen,
  choose,
}: {
  units: Unit[];
  chosen: string;
  choose: (id: string) => void;
}) {
  const { t } = useTranslation();
  if (units.length === 0) return null;
  return (
    <Tree
      blockNode
      defaultExpandAll
      showLine
      selectedKeys={chosen ? [chosen] : []}
      onSelect={(k) => choose(String(k[0] ?? ""))}
      treeData={treeOf(units)}
      titleRender={(n: Node) => {
        const u = units.find((x) => x.id === n.key);
        return (
          <span className={u?.active ? "unit" : "unit off"}>
            {n.title}
            <small className="quiet">
              {t(`people.org.kind.${u?.kind ?? "post"}`)}
              {u && u.people.length > 0 && ` · ${u.people.length}`}
            </small>
            {u && !u.active && <Tag>{t("people.org.inactive")}</Tag>}
          </span>
        );
      }}
    />
  );
}

interface Fields {
  name: { zh: string; en?: string };
  kind: Unit["kind"];
  parent?: string;
  pos: number;
  active: boolean;
  lead?: boolean;
}

/** UnitForm makes a unit (parent given) or changes one. */
function UnitForm({
  units,
  unit,
  parent = "",
  disabled,
  done,
}: {
  units: Unit[];
  unit?: Unit;
  parent?: string;
  disabled?: boolean;
  done: (id: string) => void;
}) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [form] = Form.useForm<Fields>();
  const { busy, submit } = useSubmit(form);
  const cache = useQueryClient();
  const above = units.find((u) => u.id === parent)?.kind;
  const kind = Form.useWatch("kind", form);
  const first: Fields = unit ?? {
    name: { zh: "" },
    kind:
      above === undefined
        ? "company"
        : above === "company"
          ? "community"
          : above === "community"
            ? "department"
            : "post",
    parent,
    pos: units.filter((u) => u.parent === parent).length + 1,
    active: true,
  };
  const save = (v: Fields) =>
    submit(async () => {
      const body = { ...v, parent: v.parent ?? "", active: v.active };
      const out = unit
        ? await put<Unit>(`/api/org/units/${unit.id}`, body)
        : await post<Unit>("/api/org/units", body);
      await cache.invalidateQueries({ queryKey: peopleKeys.units });
      void message.success(t("people.saved"));
      done(out.id);
    });
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={{ ...first, parent: first.parent || undefined }}
      disabled={disabled}
      onFinish={(v) => void save(v)}
    >
      {!unit && <h3>{t(parent ? "people.org.add" : "people.org.addRoot")}</h3>}
      <div className="two">
        <Form.Item
          name={["name", "zh"]}
          label={t("people.org.nameZh")}
          rules={[{ required: true, message: t("people.required") }]}
        >
          <Input autoFocus={!unit} />
        </Form.Item>
        <Form.Item name={["name", "en"]} label={t("people.org.nameEn")}>
          <Input />
        </Form.Item>
        <Form.Item name="kind" label={t("people.org.kindLabel")}>
          <Select options={kinds.map((k) => ({ value: k, label: t(`people.org.kind.${k}`) }))} />
        </Form.Item>
        <Form.Item name="parent" label={t("people.org.parent")}>
          <TreeSelect
            allowClear
            treeDefaultExpandAll
            placeholder={t("people.org.top")}
            treeData={treeOf(units, (u) => u.kind !== "post" && !(unit && below(units, u.id, unit.id)))}
          />
        </Form.Item>
        <Form.Item name="pos" label={t("people.org.pos")}>
          <InputNumber min={0} max={100000} style={{ width: "100%" }} />
        </Form.Item>
        {unit && (
          <Form.Item name="active" label={t("people.org.active")} valuePropName="checked">
            <Switch />
          </Form.Item>
        )}
        <Form.Item
          name="lead"
          label={t("people.org.lead")}
          help={t("people.org.leadAbout")}
          valuePropName="checked"
          hidden={kind !== "post"}
        >
          <Switch />
        </Form.Item>
      </div>
      {!unit && <Form.Item name="active" hidden noStyle />}
      {!disabled && (
        <Button type="primary" htmlType="submit" loading={busy}>
          {t("people.save")}
        </Button>
      )}
    </Form>
  );
}

function UnitView({
  unit,
  units,
  mayEdit,
  add,
  gone,
}: {
  unit: Unit;
  units: Unit[];
  mayEdit: boolean;
  add: () => void;
  gone: () => void;
}) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const cache = useQueryClient();
  const { submit } = useSubmit();
  const erase = () =>
    modal.confirm({
      title: t("people.org.removeAsk", { name: say(unit.name) }),
      content: t("people.org.removeAbout"),
      okText: t("people.remove"),
      cancelText: t("people.cancel"),
      okButtonProps: { danger: true },
      onOk: () =>
        submit(async () => {
          await remove(`/api/org/units/${unit.id}`);
          await cache.invalidateQueries({ queryKey: peopleKeys.units });
          gone();
        }),
    });
  return (
    <>
      <header className="box-head">
        <h3>{say(unit.name)}</h3>
        {mayEdit && (
          <div className="verbs-row">
            {unit.kind !== "post" && <Button onClick={add}>{t("people.org.add")}</Button>}
            <Button danger onClick={erase}>
              {t("people.remove")}
            </Button>
          </div>
        )}
      </header>
      <UnitForm units={units} unit={unit} disabled={!mayEdit} done={() => undefined} />
      <UnitPeople unit={unit} />
    </>
  );
}

function UnitPeople({ unit }: { unit: Unit }) {
  const { t } = useTranslation();
  const fits = useSpelled();
  const people = usePeople().data ?? [];
  const cache = useQueryClient();
  const { busy, submit } = useSubmit();
  const inside = people.filter((p) => p.posts.includes(unit.id));
  const outside = people.filter((p) => p.manageable && p.active && !p.posts.includes(unit.id));
  const move = (p: Person, posts: string[]) =>
    submit(async () => {
      await put(`/api/users/${p.id}/posts`, { posts });
      await cache.invalidateQueries({ queryKey: peopleKeys.people });
      await cache.invalidateQueries({ queryKey: peopleKeys.units });
    });
  return (
    <section className="sheet-part">
      <h3>{t("people.org.people")}</h3>
      {inside.length === 0 && <p className="quiet">{t("people.org.nobody")}</p>}
      <ul className="sessions">
        {inside.map((p) => (
          <li key={p.id}>
            <span>
              <strong>{p.name}</strong>
              <small className="quiet">{p.phone}</small>
            </span>
            {p.manageable && (
              <Button
                size="small"
                disabled={busy}
                onClick={() =>
                  void move(
                    p,
                    p.posts.filter((x) => x !== unit.id),
                  )
                }
              >
                {t("people.org.leave")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {unit.active && outside.length > 0 && (
        <Select
          value={null}
          disabled={busy}
          style={{ width: 280 }}
          placeholder={t("people.org.addPerson")}
          showSearch={{ filterOption: (word, o) => fits(o?.label ?? "", word) }}
          options={outside.map((p) => ({ value: p.id, label: p.name }))}
          onChange={(id: string | null) => {
            const p = outside.find((x) => x.id === id);
            if (p) void move(p, [...p.posts, unit.id]);
          }}
        />
      )}
    </section>
  );
}
