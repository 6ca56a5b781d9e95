import { useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input, QRCode, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { post } from "../../api/client";
import { keys } from "../../api/queries";
import { useSession } from "../../parts/session";
import type { Enrolment } from "./api";
import { ShownOnce, useSubmit } from "./forms";

/** SecondFactor enrols, renews and removes the own authenticator. */
export function SecondFactor() {
  const { t } = useTranslation();
  const { me } = useSession();
  const cache = useQueryClient();
  const [codes, setCodes] = useState<string[]>();
  const done = () => {
    setCodes(undefined);
    void cache.invalidateQueries({ queryKey: keys.me });
  };
  return (
    <>
      <h3>
        {t("people.account.totp")}{" "}
        <Tag color={me.totp ? "success" : undefined}>
          {t(me.totp ? "people.account.on" : "people.account.off")}
        </Tag>
      </h3>
      <p className="quiet gap-below">{t("people.account.totpAbout")}</p>
      {me.totp ? <Enrolled show={setCodes} /> : <Enrol show={setCodes} />}
      {codes && (
        <ShownOnce
          title={t("people.account.recovery")}
          about={t("people.account.recoveryAbout")}
          lines={codes}
          close={done}
        />
      )}
    </>
  );
}

function Enrol({ show }: { show: (codes: string[]) => void }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<{ password: string }>();
  const [confirm] = Form.useForm<{ code: string }>();
  const begin = useSubmit(form);
  const finish = useSubmit(confirm);
  const [secret, setSecret] = useState<Enrolment>();
  const required = [{ required: true, message: t("people.required") }];
  if (!secret)
    return (
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(v) => void begin.submit(async () => setSecret(await post<Enrolment>("/api/me/totp", v)))}
      >
        <Form.Item name="password" label={t("people.account.current")} rules={required}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Button htmlType="submit" type="primary" loading={begin.busy}>
          {t("people.account.begin")}
        </Button>
      </Form>
    );
  return (
    <Form
      form={confirm}
      layout="vertical"
      requiredMark={false}
      onFinish={(v) =>
        void finish.submit(async () =>
          show((await post<{ codes: string[] }>("/api/me/totp/confirm", v)).codes),
        )
      }
    >
      <p>{t("people.account.scan")}</p>
      <div className="qr">
        <QRCode value={secret.url} color="#000" bgColor="#fff" size={184} errorLevel="M" />
        <code className="wrap">{secret.secret}</code>
      </div>
      <Form.Item name="code" label={t("people.account.confirm")} rules={required}>
        <Input inputMode="numeric" autoComplete="one-time-code" autoFocus maxLength={10} />
      </Form.Item>
      <Button htmlType="submit" type="primary" loading={finish.busy}>
        {t("people.account.confirmButton")}
      </Button>
    </Form>
  );
}

function Enrolled({ show }: { show: (codes: string[]) => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [form] = Form.useForm<{ password: string; code: string }>();
  const { busy, submit } = useSubmit(form);
  const required = [{ required: true, message: t("people.required") }];
  const renew = (v: { password: string; code: string }) =>
    submit(async () => {
      show((await post<{ codes: string[] }>("/api/me/totp/recovery", v)).codes);
      form.resetFields();
    });
  const remove = async () => {
    const v = await form.validateFields();
    await submit(async () => {
      await post("/api/me/totp/remove", v);
      await cache.invalidateQueries({ queryKey: keys.me });
    });
  };
  return (
    <Form form={form} layout="vertical" requiredMark={false} onFinish={(v) => void renew(v)}>
      <Form.Item name="password" label={t("people.account.current")} rules={required}>
        <Input.Password autoComplete="current-password" />
      </Form.Item>
      <Form.Item name="code" label={t("people.account.code")} rules={required}>
        <Input autoComplete="one-time-code" />
      </Form.Item>
      <div className="verbs-row">
        <Button htmlType="submit" loading={busy}>
          {t("people.account.newRecovery")}
        </Button>
        <Button danger loading={busy} onClick={() => void remove().catch(() => undefined)}>
          {t("people.account.remove")}
        </Button>
      </div>
    </Form>
  );
}
