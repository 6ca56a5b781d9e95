import { Button, Form, Input } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { post, Problem } from "../api/client";
import { keys } from "../api/queries";
import type { Me } from "../api/types";
import { switchLanguage } from "../i18n";
import { useProblemText } from "../parts/states";

export function Login() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const text = useProblemText();
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const submit = async (values: { username: string; password: string }) => {
    setBusy(true);
    setWrong("");
    try {
      cache.setQueryData(keys.me, await post<Me>("/api/session", values));
    } catch (e) {
      setWrong(e instanceof Problem && e.status === 0 ? t("login.unreachable") : text(e));
    } finally {
      setBusy(false);
    }
  };
  const required = [{ required: true, message: t("login.required") }];
  return (
    <main className="login">
      <Form
        layout="vertical"
        onFinish={(v: { username: string; password: string }) => void submit(v)}
        requiredMark={false}
      >
        <h1>
          <img src="/icon.svg" alt="" width={40} height={40} /> {t("app")}
          <small>{t("tagline")}</small>
        </h1>
        <Form.Item name="username" label={t("login.username")} rules={required}>
          <Input size="large" autoComplete="username" autoFocus />
        </Form.Item>
        <Form.Item name="password" label={t("login.password")} rules={required}>
          <Input.Password size="large" autoComplete="current-password" />
        </Form.Item>
        {wrong && (
          <p className="wrong" role="alert">
            {wrong}
          </p>
        )}
        <Button type="primary" size="large" htmlType="submit" loading={busy} block>
          {t("login.submit")}
        </Button>
        <p className="quiet">{t("login.first")}</p>
        <Button type="link" onClick={() => void switchLanguage()}>
          {t("lang.other")}
        </Button>
      </Form>
    </main>
  );
}
