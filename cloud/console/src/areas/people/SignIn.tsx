import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Form, Input, Radio, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { get } from "../../api/client";
import { say } from "../../i18n";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Empty, Loaded } from "../../parts/states";
import { peopleKeys, put, type Settings, usePlaces, useRoles } from "./api";
import { useSubmit } from "./forms";
import "./people.css";

/** SignIn holds the rules of signing in: the second factor, and the outside provider. */
export function SignIn() {
  const { t } = useTranslation();
  const { me } = useSession();
  const everywhere = me.reach["user.manage"]?.all === true;
  return (
    <Page title={t("people.signIn.title")} about={t("people.signIn.about")}>
      {everywhere ? (
        <div className="cards wide-cards">
          <Rules />
          <Outside />
        </div>
      ) : (
        <Empty>{t("common.forbidden")}</Empty>
      )}
    </Page>
  );
}

function Rules() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const cache = useQueryClient();
  const query = useQuery({
    queryKey: peopleKeys.rules,
    queryFn: () => get<{ totp_roles: string[] }>("/api/sign-in"),
  });
  const roles = useRoles().data?.roles ?? [];
  const { busy, submit } = useSubmit();
  const save = (v: { totp_roles: string[] }) =>
    submit(async () => {
      await put("/api/sign-in", v);
      await cache.invalidateQueries({ queryKey: peopleKeys.rules });
      void message.success(t("people.saved"));
    });
  return (
    <section className="panel-box">
      <h3>{t("people.signIn.rules")}</h3>
      <Loaded query={query} lines={3}>
        {(v) => (
          <Form layout="vertical" initialValues={v} onFinish={(x: { totp_roles: string[] }) => void save(x)}>
            <Form.Item
              name="totp_roles"
              label={t("people.signIn.roles")}
              extra={t("people.signIn.rolesAbout")}
            >
              <Select mode="multiple" options={roles.map((r) => ({ value: r.id, label: say(r.name) }))} />
            </Form.Item>
            <Button type="primary" htmlType="submit" loading={busy}>
              {t("people.save")}
            </Button>
          </Form>
        )}
      </Loaded>
    </section>
  );
}

function Outside() {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: peopleKeys.oidc,
    queryFn: () => get<Settings>("/api/oidc/settings"),
  });
  return (
    <section className="panel-box">
      <h3>{t("people.signIn.oidc")}</h3>
      <Loaded query={query} lines={6}>
        {(v) => <OutsideForm settings={v} />}
      </Loaded>
    </section>
  );
}

function OutsideForm({ settings }: { settings: Settings }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const cache = useQueryClient();
  const [form] = Form.useForm<Settings & { make: boolean }>();
  const { busy, submit } = useSubmit(form);
  const roles = useRoles().data?.roles ?? [];
  const places = usePlaces(t("people.sheet.everywhere"));
  const on = Form.useWatch("enabled", form) as boolean | undefined;
  const make = Form.useWatch("make", form) as boolean | undefined;
  const base = Form.useWatch("base_url", form) as string | undefined;
  const save = (v: Settings & { make: boolean }) =>
    submit(async () => {
      const { make: makes, ...rest } = { ...settings, ...v };
      const body = { ...rest, default: makes ? rest.default : undefined };
      await put("/api/oidc/settings", body);
      await cache.invalidateQueries({ queryKey: peopleKeys.oidc });
      void message.success(t("people.saved"));
    });
  const required = on ? [{ required: true, message: t("people.required") }] : [];
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={{
        ...settings,
        name: settings.name.zh ? settings.name : { zh: "单位统一登录", en: "Company account" },
        username_claim: settings.username_claim || "preferred_username",
        base_url: settings.base_url || location.origin,
        make: settings.default !== undefined,
        default: settings.default ?? { role: "viewer", scope: "all" },
      }}
      onFinish={(v) => void save(v)}
    >
      <Form.Item name="enabled" label={t("people.signIn.enabled")} valuePropName="checked">
        <Switch />
      </Form.Item>
      <div className="two">
        <Form.Item name={["name", "zh"]} label={t("people.signIn.nameZh")} rules={required}>
          <Input />
        </Form.Item>
        <Form.Item name={["name", "en"]} label={t("people.signIn.nameEn")}>
          <Input />
        </Form.Item>
        <Form.Item name="issuer" label={t("people.signIn.issuer")} rules={required}>
          <Input placeholder="https://id.example.com" />
        </Form.Item>
        <Form.Item name="client_id" label={t("people.signIn.clientID")} rules={required}>
          <Input placeholder="anlan" />
        </Form.Item>
      </div>
      <Form.Item name="secret" label={t("people.signIn.secret")} extra={t("people.signIn.secretAbout")}>
        <Input placeholder="env:ANLAN_OIDC_SECRET" />
      </Form.Item>
      <Form.Item
        name="base_url"
        label={t("people.signIn.base")}
        rules={required}
        extra={t("people.signIn.baseAbout", { url: `${(base ?? "").replace(/\/$/, "")}/api/oidc/callback` })}
      >
        <Input />
      </Form.Item>
      <Form.Item name="username_claim" label={t("people.signIn.claim")}>
        <Select
          options={["preferred_username", "email", "sub", "upn"].map((v) => ({ value: v, label: v }))}
        />
      </Form.Item>
      <Form.Item name="make" label={t("people.signIn.newcomers")}>
        <Radio.Group
          options={[
            { value: false, label: t("people.signIn.must") },
            { value: true, label: t("people.signIn.make") },
          ]}
        />
      </Form.Item>
      {make && (
        <div className="two">
          <Form.Item name={["default", "role"]} label={t("people.signIn.role")}>
            <Select options={roles.map((r) => ({ value: r.id, label: say(r.name) }))} />
          </Form.Item>
          <Form.Item name={["default", "scope"]} label={t("people.signIn.scope")}>
            <Select options={places.options} />
          </Form.Item>
          <Form.Item name="domains" label={t("people.signIn.domains")}>
            <Select mode="tags" open={false} placeholder="example.com" />
          </Form.Item>
          <Form.Item name="in_groups" label={t("people.signIn.groups")}>
            <Select mode="tags" open={false} />
          </Form.Item>
        </div>
      )}
      <Button type="primary" htmlType="submit" loading={busy}>
        {t("people.save")}
      </Button>
    </Form>
  );
}
