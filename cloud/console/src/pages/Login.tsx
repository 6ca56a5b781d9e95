import { Button, Form, Input } from "antd";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { get, post, Problem } from "../api/client";
import { keys } from "../api/queries";
import type { Me, Text } from "../api/types";
import { say, switchLanguage } from "../i18n";
import { useProblemText } from "../parts/states";

interface Fields {
  username: string;
  password: string;
  code?: string;
}

const reasons = ["expired", "refused", "unknown", "untrusted", "unreachable"];

/** Login asks for name and password, then for the code if the account has a second factor. */
export function Login() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const text = useProblemText();
  const [form] = Form.useForm<Fields>();
  const [busy, setBusy] = useState(false);
  const [step, setStep] = useState<"password" | "code">("password");
  const why = new URLSearchParams(location.search).get("sign_in") ?? "";
  const [wrong, setWrong] = useState(reasons.includes(why) ? t(`people.door.${why}`) : "");
  const submit = async (values: Fields) => {
    setBusy(true);
    setWrong("");
    try {
      cache.setQueryData(keys.me, await post<Me>("/api/session", values));
      if (why) history.replaceState(null, "", location.pathname);
    } catch (e) {
      const code = e instanceof Problem && e.errors.some((x) => x.location === "body.code");
      if (code && step === "password") setStep("code");
      else setWrong(e instanceof Problem && e.status === 0 ? t("login.unreachable") : text(e));
      form.resetFields(["code"]);
    } finally {
      setBusy(false);
    }
  };
  const back = () => {
    setStep("password");
    setWrong("");
    form.resetFields(["password", "code"]);
  };
  const required = [{ required: true, message: t("login.required") }];
  return (
    <main className="login">
      <Form form={form} layout="vertical" onFinish={(v) => void submit(v)} requiredMark={false}>
        <h1>
          <img src="/icon.svg" alt="" width={40} height={40} /> {t("app")}
          <small>{t("tagline")}</small>
        </h1>
        <div hidden={step === "code"}>
          <Form.Item name="username" label={t("login.username")} rules={required}>
            <Input size="large" autoComplete="username" autoFocus />
          </Form.Item>
          <Form.Item name="password" label={t("login.password")} rules={required}>
            <Input.Password size="large" autoComplete="current-password" />
          </Form.Item>
        </div>
        {step === "code" && (
          <Form.Item
            name="code"
            label={t("people.door.code")}
            extra={t("people.door.codeAbout")}
            rules={required}
          >
            <Input size="large" autoComplete="one-time-code" autoFocus />
          </Form.Item>
        )}
        {wrong && (
          <p className="wrong" role="alert">
            {wrong}
          </p>
        )}
        <Button type="primary" size="large" htmlType="submit" loading={busy} block>
          {t("login.submit")}
        </Button>
        {step === "code" ? (
          <Button type="link" onClick={back}>
            {t("people.door.back")}
          </Button>
        ) : (
          <OutsideDoor />
        )}
        <p className="quiet">{t("login.first")}</p>
        <Button type="link" onClick={() => void switchLanguage()}>
          {t("lang.other")}
        </Button>
      </Form>
    </main>
  );
}

/** OutsideDoor is the button of the organisation's own sign-in, if there is one. */
function OutsideDoor() {
  const { t } = useTranslation();
  const doors = useQuery({
    queryKey: ["doors"],
    queryFn: () => get<{ outside?: Text }>("/api/doors"),
    retry: false,
  });
  if (!doors.data?.outside) return null;
  const back = encodeURIComponent(location.pathname);
  return (
    <Button size="large" block className="outside-door" href={`/api/oidc/start?back=${back}`}>
      {t("people.door.outside", { name: say(doors.data.outside) })}
    </Button>
  );
}
