import { useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { post, Problem, request } from "../../api/client";
import { keys } from "../../api/queries";
import type { Me } from "../../api/types";
import { useSession } from "../../parts/session";
import { useSubmit } from "./forms";
import "./people.css";

/** lockNow locks this screen; who calls it fetches keys.me anew. */
export async function lockNow(): Promise<void> {
  await post("/api/session/lock");
}

/** LockBar is at the top of a locked screen: the alarms below stay, the rest waits for the password. */
export function LockBar() {
  const { t } = useTranslation();
  const { me } = useSession();
  const cache = useQueryClient();
  const [form] = Form.useForm<{ password: string; code?: string }>();
  const { busy, submit } = useSubmit(form);
  const [step, setStep] = useState(me.totp);
  const unlock = (v: { password: string; code?: string }) =>
    submit(async () => {
      try {
        cache.setQueryData(keys.me, await post<Me>("/api/session/unlock", v));
      } catch (e) {
        if (e instanceof Problem && e.errors.some((x) => x.location === "body.code")) setStep(true);
        throw e;
      }
      void cache.invalidateQueries();
    });
  const out = async () => {
    await request("DELETE", "/api/session").catch(() => undefined);
    location.assign("/");
  };
  return (
    <div className="lock-bar" role="region" aria-label={t("people.locked.title")}>
      <div>
        <strong>{t("people.locked.title")}</strong>
        <span>{t("people.locked.about")}</span>
      </div>
      {me.has_password ? (
        <Form form={form} layout="inline" onFinish={(v) => void unlock(v)}>
          <Form.Item name="password">
            <Input.Password
              aria-label={t("people.locked.password", { name: me.name })}
              placeholder={t("people.locked.password", { name: me.name })}
              autoComplete="current-password"
            />
          </Form.Item>
          {step && (
            <Form.Item name="code">
              <Input
                aria-label={t("people.locked.code")}
                placeholder={t("people.locked.code")}
                autoComplete="one-time-code"
                style={{ width: 140 }}
              />
            </Form.Item>
          )}
          <Button type="primary" htmlType="submit" loading={busy}>
            {t("people.locked.unlock")}
          </Button>
        </Form>
      ) : (
        <Button type="primary" href={`/api/oidc/start?back=${encodeURIComponent(location.pathname)}`}>
          {t("people.locked.outside")}
        </Button>
      )}
      <Button type="text" onClick={() => void out()}>
        {t("people.locked.out")}
      </Button>
    </div>
  );
}
