import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, Drawer, Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { post } from "../../api/client";
import { say } from "../../i18n";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Loaded } from "../../parts/states";
import { peopleKeys, put, remove, type RoleDef, type RoleTable, useRoles } from "./api";
import { useSubmit } from "./forms";
import "./people.css";

/** Roles shows what each role allows, as one table in words. */
export function Roles() {
  const { t } = useTranslation();
  const { me } = useSession();
  const query = useRoles();
  const [params, setParams] = useSearchParams();
  const editing = params.get("role");
  const mayEdit = me.reach["user.manage"]?.all === true;
  return (
    <Page
      title={t("people.roles.title")}
      about={t("people.roles.about")}
      verbs={
        mayEdit && (
          <Button type="primary" onClick={() => setParams({ role: "new" })}>
            {t("people.roles.add")}
          </Button>
        )
      }
    >
      <Loaded query={query} lines={12}>
        {(table) => (
          <>
            <Matrix table={table} edit={mayEdit ? (id) => setParams({ role: id }) : undefined} />
            {editing && (editing === "new" || table.roles.some((r) => r.id === editing)) && (
              <RoleForm
                key={editing}
                table={table}
                role={table.roles.find((r) => r.id === editing)}
                close={() => setParams({})}
              />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Matrix({ table, edit }: { table: RoleTable; edit?: (id: string) => void }) {
  const { t } = useTranslation();
  return (
    <div className="matrix-box">
      <table className="matrix">
        <thead>
          <tr>
            <th scope="col">{t("people.roles.permission")}</th>
            {table.roles.map((r) => (
              <th key={r.id} scope="col">
                <strong>{say(r.name)}</strong>
                <small className="quiet">
                  {t(r.built_in ? "people.roles.builtIn" : "people.roles.custom")} ·{" "}
                  {t("people.roles.people", { n: r.people })}
                </small>
                {!r.built_in && edit && (
                  <Button size="small" onClick={() => edit(r.id)}>
                    {t("people.roles.edit")}
                  </Button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.permissions.map((p) => (
            <tr key={p.id}>
              <th scope="row">{say(p.name)}</th>
              {table.roles.map((r) => {
                const has = r.permissions.includes(p.id);
                return (
                  <td key={r.id} className={has ? "has" : "has-not"}>
                    <span aria-label={t(has ? "people.roles.yes" : "people.roles.no")}>
                      {has ? "✓" : "·"}
                    </span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface Fields {
  name: { zh: string; en?: string };
  permissions: string[];
}

function RoleForm({ table, role, close }: { table: RoleTable; role?: RoleDef; close: () => void }) {
  const { t } = useTranslation();
  const { me } = useSession();
  const { modal, message } = App.useApp();
  const [form] = Form.useForm<Fields>();
  const { busy, submit } = useSubmit(form);
  const cache = useQueryClient();
  const saved = async () => {
    await cache.invalidateQueries({ queryKey: peopleKeys.roles });
    void message.success(t("people.saved"));
    close();
  };
  const save = (v: Fields) =>
    submit(async () => {
      await (role ? put(`/api/roles/${role.id}`, v) : post("/api/roles", v));
      await saved();
    });
  const erase = () =>
    role &&
    modal.confirm({
      title: t("people.roles.removeAsk", { name: say(role.name) }),
      content: t("people.roles.removeAbout"),
      okText: t("people.remove"),
      cancelText: t("people.cancel"),
      okButtonProps: { danger: true },
      onOk: () => submit(async () => remove(`/api/roles/${role.id}`).then(saved)),
    });
  return (
    <Drawer
      open
      size={480}
      onClose={close}
      title={t(role ? "people.roles.edit" : "people.roles.add")}
      extra={
        role && (
          <Button danger onClick={erase}>
            {t("people.remove")}
          </Button>
        )
      }
    >
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={role ?? { permissions: ["alarm.read"] }}
        onFinish={(v) => void save(v)}
      >
        <div className="two">
          <Form.Item
            name={["name", "zh"]}
            label={t("people.roles.nameZh")}
            rules={[{ required: true, message: t("people.required") }]}
          >
            <Input autoFocus />
          </Form.Item>
          <Form.Item name={["name", "en"]} label={t("people.roles.nameEn")}>
            <Input />
          </Form.Item>
        </div>
        <Form.Item
          name="permissions"
          label={t("people.roles.allows")}
          rules={[{ required: true, message: t("people.required") }]}
        >
          <Checkbox.Group
            className="checks"
            options={table.permissions.map((p) => ({
              value: p.id,
              label: say(p.name),
              disabled: me.reach[p.id]?.all !== true,
            }))}
          />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={busy}>
          {t("people.save")}
        </Button>
      </Form>
    </Drawer>
  );
}
