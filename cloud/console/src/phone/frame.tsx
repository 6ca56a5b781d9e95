import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { Problem } from "../api/client";

/** Frame is a page of the phone: a title, what scrolls, and what the thumb reaches. */
export function Frame({
  title,
  back,
  foot,
  children,
}: {
  title: ReactNode;
  back?: string;
  foot?: ReactNode;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const go = useNavigate();
  return (
    <div className="p-page">
      <header className="p-head">
        {back && (
          <button type="button" className="p-back" aria-label={t("phone.back")} onClick={() => void go(back)}>
            ‹
          </button>
        )}
        <h1>{title}</h1>
      </header>
      <main className="p-main">{children}</main>
      {foot && <footer className="p-foot">{foot}</footer>}
    </div>
  );
}

export function Waiting() {
  const { t } = useTranslation();
  return (
    <div className="p-wait" role="status">
      {t("common.loading")}…
    </div>
  );
}

/** useWords turns any error into words for people. */
export function useWords() {
  const { t } = useTranslation();
  return (e: unknown): string => {
    if (!(e instanceof Problem)) return e instanceof Error ? e.message : String(e);
    if (e.status === 0) return t("common.unreachable");
    if (e.status === 403) return e.detail || t("common.forbidden");
    return [e.detail, ...e.errors.map((x) => x.message)].filter(Boolean).join(" · ");
  };
}

export function Fault({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="p-fault" role="alert">
      <strong>{t("common.failed")}</strong>
      <p>{useWords()(error)}</p>
      {retry && (
        <button type="button" className="p-button" onClick={retry}>
          {t("common.retry")}
        </button>
      )}
    </div>
  );
}

/** Sheet comes up from below over the page. Going back closes it. */
export function Sheet({ title, close, children }: { title: string; close: () => void; children: ReactNode }) {
  const { t } = useTranslation();
  useEffect(() => {
    const keys = (e: KeyboardEvent) => e.key === "Escape" && close();
    document.addEventListener("keydown", keys);
    return () => document.removeEventListener("keydown", keys);
  }, [close]);
  return (
    <div className="p-sheet" role="dialog" aria-label={title} aria-modal="true">
      <div className="p-sheet-head">
        <strong>{title}</strong>
        <button type="button" onClick={close}>
          {t("phone.back")}
        </button>
      </div>
      <div className="p-sheet-body">{children}</div>
    </div>
  );
}

const network = (fn: () => void) => {
  addEventListener("online", fn);
  addEventListener("offline", fn);
  return () => {
    removeEventListener("online", fn);
    removeEventListener("offline", fn);
  };
};

/** useOnline is whether the phone has a network at all. */
export const useOnline = () => useSyncExternalStore(network, () => navigator.onLine);

/** useMinute is the time, anew every half minute. */
export function useMinute(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
