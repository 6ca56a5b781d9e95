import { useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Drawer, Form, Input, TreeSelect } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { post } from "../../api/client";
import { type NewUser, peopleKeys, type Person, put, useUnits } from "./api";
import { AssignmentsEditor } from "./AssignmentsEditor";
import { ShownOnce, useSubmit } from "./forms";
import { HandOver } from "./HandOver";
import { Sessions } from "./Sessions";
import { treeOf } from "./tree";

/** PersonSheet shows one person: basics, roles and places, posts, devices, account. */
export function PersonSheet({ person, close }: { person: Person; close: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer
      open
      size={600}
      onClose={close}
      title={
        <>
          {person.name} <span className="quiet">{person.username}</span>
        </>
      }
    >
      {!person.manageable && <Alert type="info" showIcon title={t("people.sheet.beyond")} />}
      <Basics person={person} />
      <AssignmentsForm person={person} />
      <Posts person={person} />
      {person.manageable && (
        <section className="sheet-part">
          <h3>{t("people.sheet.sessions")}</h3>
          <Sessions of={person.id} />
        </section>
      )}
      {person.manageable && <HandOver person={person} />}
      {person.manageable && <AccountVerbs person={person} />}
    </Drawer>
  );
}

function useSaved() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const cache = useQueryClient();
  return async () => {
    await Promise.all(
      [peopleKeys.people, peopleKeys.units, peopleKeys.roles].map((queryKey) =>
        cache.invalidateQueries({ queryKey }),
      ),
    );
    void message.success(t("people.saved"));
  };
}

function Basics({ person }: { person: Person }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<{ name: string; phone: string; employee_no: string }>();
  const { busy, submit } = useSubmit(form);
  const saved = useSaved();
  return (
    <section className="sheet-part">
      <h3>{t("people.sheet.basics")}</h3>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        disabled={!person.manageable}
        initialValues={person}
        onFinish={(v) => void submit(async () => put(`/api/users/${person.id}`, v).then(saved))}
      >
        <Form.Item
          name="name"
          label={t("people.list.name")}
          rules={[{ required: true, message: t("people.required") }]}
        >
          <Input />
        </Form.Item>
        <div className="two">
          <Form.Item name="phone" label={t("people.list.phone")}>
            <Input />
          </Form.Item>
          <Form.Item name="employee_no" label={t("people.list.no")}>
            <Input />
          </Form.Item>
        </div>
        {person.manageable && (
          <Button htmlType="submit" loading={busy}>
            {t("people.save")}
          </Button>
        )}
      </Form>
    </section>
  );
}

function AssignmentsForm({ person }: { person: Person }) {
  const { t } = useTranslation();
  const [value, setValue] = useState(person.assignments);
  const { busy, submit } = useSubmit();
  const saved = useSaved();
  const changed = JSON.stringify(value) !== JSON.stringify(person.assignments);
  return (
    <section className="sheet-part">
      <h3>{t("people.sheet.parts")}</h3>
      <AssignmentsEditor value={value} onChange={setValue} disabled={!person.manageable} />
      {changed && (
        <div className="verbs-row">
          <Button
            type="primary"
            loading={busy}
            onClick={() =>
              void submit(async () =>
                put(`/api/users/${person.id}/assignments`, { assignments: value }).then(saved),
              )
            }
          >
            {t("people.save")}
          </Button>
          <Button onClick={() => setValue(person.assignments)}>{t("people.cancel")}</Button>
        </div>
      )}
    </section>
  );
}

function Posts({ person }: { person: Person }) {
  const { t } = useTranslation();
  const units = useUnits().data ?? [];
  const { busy, submit } = useSubmit();
  const saved = useSaved();
  return (
    <section className="sheet-part">
      <h3>{t("people.sheet.posts")}</h3>
      <TreeSelect
        aria-label={t("people.sheet.posts")}
        style={{ width: "100%" }}
        multiple
        treeDefaultExpandAll
        disabled={!person.manageable || busy}
        value={person.posts}
        placeholder={t("people.org.nobody")}
        treeData={treeOf(units, (u) => u.active || person.posts.includes(u.id))}
        onChange={(posts: string[]) =>
          void submit(async () => put(`/api/users/${person.id}/posts`, { posts }).then(saved))
        }
      />
    </section>
  );
}

function AccountVerbs({ person }: { person: Person }) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const { busy, submit } = useSubmit();
  const saved = useSaved();
  const [made, setMade] = useState<NewUser>();
  const act = (verb: string) => submit(async () => post(`/api/users/${person.id}/${verb}`).then(saved));
  const ask = (key: string, run: () => Promise<unknown>) =>
    modal.confirm({
      title: t(`people.sheet.${key}Ask`, { name: person.name }),
      content: t(`people.sheet.${key}About`),
      okText: t(`people.sheet.${key}`),
      cancelText: t("people.cancel"),
      okButtonProps: { danger: true },
      onOk: run,
    });
  const reset = () =>
    submit(async () => setMade(await post<NewUser>(`/api/users/${person.id}/reset-password`)));
  return (
    <section className="sheet-part">
      <h3>{t("people.sheet.account")}</h3>
      <div className="verbs-row">
        {person.has_password && (
          <Button disabled={busy} onClick={() => ask("reset", reset)}>
            {t("people.sheet.reset")}
          </Button>
        )}
        {person.locked_until && (
          <Button disabled={busy} onClick={() => void act("unlock")}>
            {t("people.sheet.unlock")}
          </Button>
        )}
        {person.totp && (
          <Button disabled={busy} onClick={() => ask("resetTotp", () => act("reset-totp"))}>
            {t("people.sheet.resetTotp")}
          </Button>
        )}
        {person.active ? (
          <Button danger disabled={busy} onClick={() => ask("disable", () => act("disable"))}>
            {t("people.sheet.disable")}
          </Button>
        ) : (
          <Button disabled={busy} onClick={() => void act("enable")}>
            {t("people.sheet.enable")}
          </Button>
        )}
      </div>
      {made && (
        <ShownOnce
          title={t("people.sheet.newPassword", { name: made.user.name })}
          lines={[made.user.username, made.password]}
          close={() => {
            setMade(undefined);
            void saved();
          }}
        />
      )}
    </section>
  );
}
