import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLive } from "../../live/context";
import { noticeKeys, useNoticeCount } from "./api";

const Latest = lazy(async () => ({ default: (await import("./Latest")).Latest }));

/** Bell is in every page's header: how much has not been read and, opened, the latest of it. */
export function Bell() {
  const { t } = useTranslation();
  const { stream } = useLive();
  const cache = useQueryClient();
  const count = useNoticeCount().data;
  const [open, setOpen] = useState(false);
  const around = useRef<HTMLSpanElement>(null);
  useEffect(
    () =>
      stream.on({
        notice(c) {
          cache.setQueryData(noticeKeys.count, c);
          for (const queryKey of [noticeKeys.latest, ["notices", "list"], ["todos"], ["flow"]])
            void cache.invalidateQueries({ queryKey });
        },
      }),
    [stream, cache],
  );
  useEffect(() => {
    if (!open) return;
    const outside = (e: MouseEvent) =>
      e.target instanceof Node && !around.current?.contains(e.target) && setOpen(false);
    const escape = (e: KeyboardEvent) => {
      if (e.key !== "Escape") return;
      setOpen(false);
      around.current?.querySelector("button")?.focus();
    };
    addEventListener("mousedown", outside);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("mousedown", outside);
      removeEventListener("keydown", escape);
    };
  }, [open]);
  const n = count?.unread ?? 0;
  return (
    <span className="bell" ref={around}>
      <Button
        type="text"
        id="bell"
        aria-expanded={open}
        aria-label={t("notice.bell", { n })}
        onClick={() => setOpen(!open)}
      >
        <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
          <path
            d="M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4"
            fill="none"
            stroke="currentColor"
            strokeWidth="2"
            strokeLinejoin="round"
          />
        </svg>
        {n > 0 && <span className="badge">{n > 99 ? "99+" : n}</span>}
      </Button>
      {open && (
        <Suspense fallback={null}>
          <Latest close={() => setOpen(false)} />
        </Suspense>
      )}
    </span>
  );
}
