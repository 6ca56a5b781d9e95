import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { post, Problem } from "../api/client";
import type { Me } from "../api/types";
import { useWords } from "./frame";

/** Door asks for name and password, then for the code if the account has a second factor. */
export function Door() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const words = useWords();
  const [code, setCode] = useState(false);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const enter = async (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    setBusy(true);
    setWrong("");
    try {
      const fields = Object.fromEntries(new FormData(e.currentTarget));
      cache.setQueryData(["me"], await post<Me>("/api/session", fields));
    } catch (x) {
      if (x instanceof Problem && x.errors.some((f) => f.location === "body.code") && !code) setCode(true);
      else setWrong(words(x) || t("phone.fail"));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="p-door" onSubmit={(e) => void enter(e)}>
      <h1>
        <img src="/icon.svg" alt="" width={40} height={40} /> {t("phone.app")}
      </h1>
      <label>
        {t("login.username")}
        <input name="username" autoComplete="username" autoCapitalize="none" required />
      </label>
      <label>
        {t("login.password")}
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      {code && (
        <label>
          {t("phone.code")}
          <input name="code" inputMode="numeric" autoComplete="one-time-code" autoFocus required />
        </label>
      )}
      {wrong && (
        <p className="p-wrong" role="alert">
          {wrong}
        </p>
      )}
      <button className="p-button primary" disabled={busy}>
        {t("login.submit")}
      </button>
    </form>
  );
}
