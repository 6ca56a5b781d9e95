import { App, Button, Form, Input } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { post } from "../api/client";
import { keys } from "../api/queries";
import { useSubmit } from "../areas/people/forms";
import { useSession } from "../parts/session";

interface Fields {
  old: string;
  new: string;
}

/** Password is the page of one's own password. */
export function Password() {
  const { t } = useTranslation();
  const { me } = useSession();
  return (
    <main className="page narrow">
      <h1>{t("password.title")}</h1>
      {me.must_change_password && <p>{t("password.must")}</p>}
      <PasswordForm />
    </main>
  );
}

/** PasswordForm changes the own password; what is wrong is said at the field. */
export function PasswordForm() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const cache = useQueryClient();
  const [form] = Form.useForm<Fields>();
  const { busy, submit } = useSubmit(form);
  const save = (v: Fields) =>
    submit(async () => {
      await post("/api/me/password", v);
      form.resetFields();
      void message.success(t("password.saved"));
      await cache.invalidateQueries({ queryKey: keys.me });
    });
  return (
    <Form form={form} layout="vertical" requiredMark={false} onFinish={(v) => void save(v)}>
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
      <Button type="primary" htmlType="submit" loading={busy}>
        {t("password.save")}
      </Button>
    </Form>
  );
}
