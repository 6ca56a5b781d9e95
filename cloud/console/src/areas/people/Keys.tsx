import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, Drawer, Form, Input, InputNumber, Select, Table, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { post } from "../../api/client";
import { say } from "../../i18n";
import { dateTime } from "../../parts/format";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Empty, Loaded } from "../../parts/states";
import { type ApiKey, peopleKeys, remove, useKeys, usePlaces, useRoles } from "./api";
import { ShownOnce, useSubmit } from "./forms";
import "./people.css";

/** Keys lists the keys of programs. */
export function Keys() {
  const { t } = useTranslation();
  const query = useKeys();
  const [params, setParams] = useSearchParams();
  return (
    <Page
      title={t("people.keys.title")}
      about={t("people.keys.about")}
      verbs={
        <Button type="primary" onClick={() => setParams({ key: "new" })}>
          {t("people.keys.add")}
        </Button>
      }
    >
      <Loaded query={query} lines={6}>
        {(rows) => <KeyTable rows={rows} />}
      </Loaded>
      {params.get("key") === "new" && <NewKey close={() => setParams({})} />}
    </Page>
  );
}

function stateOf(k: ApiKey): "valid" | "expired" | "revoked" {
  if (k.revoked_at) return "revoked";
  return new Date(k.expires_at).getTime() > Date.now() ? "valid" : "expired";
}

function KeyTable({ rows }: { rows: ApiKey[] }) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const cache = useQueryClient();
  const { submit } = useSubmit();
  const words = useRoles().data?.permissions ?? [];
  const places = usePlaces(t("people.sheet.everywhere"));
  const revoke = (k: ApiKey) =>
    modal.confirm({
      title: t("people.keys.revokeAsk", { name: k.name }),
      content: t("people.keys.revokeAbout"),
      okText: t("people.keys.revoke"),
      cancelText: t("people.cancel"),
      okButtonProps: { danger: true },
      onOk: () =>
        submit(async () => {
          await remove(`/api/keys/${k.id}`);
          await cache.invalidateQueries({ queryKey: peopleKeys.keys });
        }),
    });
  return (
    <Table<ApiKey>
      rowKey="id"
      size="middle"
      dataSource={rows}
      pagination={false}
      scroll={{ x: 900 }}
      rowClassName={(k) => (stateOf(k) === "valid" ? "" : "off")}
      locale={{ emptyText: <Empty>{t("people.keys.empty")}</Empty> }}
      columns={[
        {
          title: t("people.keys.name"),
          render: (_, k) => (
            <>
              <strong>{k.name}</strong>
              <br />
              <code className="quiet">anlan_{k.id}_…</code>
            </>
          ),
        },
        { title: t("people.keys.by"), dataIndex: "person_name", width: 110 },
        {
          title: t("people.keys.allows"),
          render: (_, k) => (
            <>
              {k.permissions.map((p) => say(words.find((w) => w.id === p)?.name) || p).join("、")}
              <br />
              <span className="quiet">{k.scopes.map(places.name).join("、")}</span>
            </>
          ),
        },
        {
          title: t("people.keys.expires"),
          width: 150,
          render: (_, k) => dateTime(k.expires_at).slice(0, -3),
        },
        {
          title: t("people.keys.used"),
          width: 150,
          render: (_, k) =>
            k.used_at ? (
              dateTime(k.used_at).slice(0, -3)
            ) : (
              <span className="quiet">{t("people.keys.never")}</span>
            ),
        },
        {
          title: t("people.keys.state"),
          width: 160,
          render: (_, k) => (
            <div className="parts">
              <Tag>{t(`people.keys.${stateOf(k)}`)}</Tag>
              {!k.revoked_at && (
                <Button size="small" danger onClick={() => revoke(k)}>
                  {t("people.keys.revoke")}
                </Button>
              )}
            </div>
          ),
        },
      ]}
    />
  );
}

interface Fields {
  name: string;
  permissions: string[];
  scopes: string[];
  days: number;
}

function NewKey({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const { me } = useSession();
  const [form] = Form.useForm<Fields>();
  const { busy, submit } = useSubmit(form);
  const cache = useQueryClient();
  const words = useRoles().data?.permissions ?? [];
  const places = usePlaces(t("people.sheet.everywhere"));
  const [made, setMade] = useState<{ text: string }>();
  const allowed = me.permissions.filter((p) => p !== "user.manage" && p !== "key.manage");
  const required = [{ required: true, message: t("people.required") }];
  const save = (v: Fields) =>
    submit(async () => {
      const { days, ...rest } = v;
      const expires_at = new Date(Date.now() + days * 86_400_000).toISOString();
      setMade(await post<{ text: string }>("/api/keys", { ...rest, expires_at }));
      await cache.invalidateQueries({ queryKey: peopleKeys.keys });
    });
  return (
    <Drawer open size={480} onClose={close} title={t("people.keys.add")}>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ days: 365, permissions: ["alarm.read"], scopes: ["all"] }}
        onFinish={(v) => void save(v)}
      >
        <Form.Item name="name" label={t("people.keys.name")} rules={required}>
          <Input autoFocus maxLength={60} />
        </Form.Item>
        <Form.Item name="permissions" label={t("people.keys.permissions")} rules={required}>
          <Checkbox.Group
            className="checks"
            options={allowed.map((p) => ({
              value: p,
              label: say(words.find((w) => w.id === p)?.name) || p,
            }))}
          />
        </Form.Item>
        <Form.Item name="scopes" label={t("people.keys.scopes")} rules={required}>
          <Select mode="multiple" options={places.options} />
        </Form.Item>
        <Form.Item name="days" label={t("people.keys.days")} rules={required}>
          <InputNumber min={1} max={730} />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={busy}>
          {t("people.keys.add")}
        </Button>
      </Form>
      {made && (
        <ShownOnce
          title={t("people.keys.shown")}
          about={t("people.keys.how")}
          lines={[made.text]}
          close={close}
        />
      )}
    </Drawer>
  );
}
