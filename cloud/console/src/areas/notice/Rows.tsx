import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { post } from "../../api/client";
import { say } from "../../i18n";
import { useNow } from "../../live/context";
import { age, dateTime } from "../../parts/format";
import { useProblemText } from "../../parts/states";
import { type Notice, noticeKeys } from "./api";
import "./notice.css";

/** useRead marks notices as read; without an id, all of them. */
export function useRead() {
  const cache = useQueryClient();
  const { message } = App.useApp();
  const words = useProblemText();
  return useMutation({
    mutationFn: (id?: string) => post(id ? `/api/notices/${id}/read` : "/api/notices/read-all"),
    onSettled: () => cache.invalidateQueries({ queryKey: noticeKeys.all }),
    onError: (e) => void message.error(words(e), 6),
  });
}

/** Rows is a list of notices; opening one reads it. */
export function Rows({ items, opened }: { items: Notice[]; opened?: () => void }) {
  const { t } = useTranslation();
  const read = useRead();
  const now = useNow();
  return (
    <ul className="notices">
      {items.map((n) => (
        <li key={n.id} className={`${n.read_at ? "" : "unread"} ${n.urgency}`}>
          <Link
            to={n.link || "/notices"}
            onClick={() => {
              if (!n.read_at) read.mutate(n.id);
              opened?.();
            }}
          >
            <span className="notice-head">
              {!n.read_at && <span className="notice-dot" role="img" aria-label={t("notice.unread")} />}
              {n.urgency !== "normal" && (
                <span className={`notice-urgency ${n.urgency}`}>
                  <span aria-hidden="true">{n.urgency === "urgent" ? "▲" : "◷"}</span>{" "}
                  {t(`notice.urgency.${n.urgency}`)}
                </span>
              )}
              <strong>{say(n.title)}</strong>
            </span>
            <span>{say(n.body)}</span>
            <span className="quiet">
              <time dateTime={n.at} title={dateTime(n.at)}>
                {t("notice.ago", { age: age(t, Math.max(0, now - Date.parse(n.at))) })}
              </time>
              {n.done_at && ` · ${t("notice.done")}`}
            </span>
          </Link>
          {!n.read_at && (
            <Button type="text" size="small" onClick={() => read.mutate(n.id)}>
              {t("notice.read")}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
