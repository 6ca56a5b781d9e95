import { App, Button, Form, Input } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { post } from "../api/client";
import { keys } from "../api/queries";
import { useSession } from "../parts/session";
import { useProblemText } from "../parts/states";

export function Password() {
  const { t } = useTranslation();
  const { me } = useSession();
  const { message } = App.useApp();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const text = useProblemText();
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const save = async (v: { old: string; new: string }) => {
    setBusy(true);
    setWrong("");
    try {
      await post("/api/me/password", v);
      await cache.invalidateQueries({ queryKey: keys.me });
      void message.success(t("password.saved"));
      void navigate("/");
    } catch (e) {
      setWrong(text(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="page narrow">
      <h1>{t("password.title")}</h1>
      {me.must_change_password && <p>{t("password.must")}</p>}
      <Form
        layout="vertical"
        requiredMark={false}
        onFinish={(v: { old: string; new: string }) => void save(v)}
      >
        <Form.Item
          name="old"
          label={t("password.old")}
          rules={[{ required: true, message: t("login.required") }]}
        >
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Form.Item
          name="new"
          label={t("password.new")}
          rules={[{ required: true, min: 10, message: t("password.new") }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        {wrong && (
          <p className="wrong" role="alert">
            {wrong}
          </p>
        )}
        <Button type="primary" htmlType="submit" loading={busy}>
          {t("password.save")}
        </Button>
      </Form>
    </main>
  );
}
