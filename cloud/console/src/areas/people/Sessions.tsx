import { useQueryClient } from "@tanstack/react-query";
import { Button, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { dateTime } from "../../parts/format";
import { Empty, Loaded } from "../../parts/states";
import { peopleKeys, remove, type SessionRow, useSessions } from "./api";
import { useSubmit } from "./forms";

/** browser names a device in a few words out of what the browser says of itself. */
export function browser(agent: string): string {
  const name = /(Edg|OPR)\/(\d+)/.exec(agent) ?? /(Firefox|Chrome|Safari)\/(\d+)/.exec(agent);
  const system = /Windows|Android|iPhone|iPad|Mac OS X|Linux/.exec(agent)?.[0];
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
  if (!name?.[1]) return agent.slice(0, 40) || "?";
  return [`${names[name[1]] ?? name[1]} ${name[2]}`, system].filter(Boolean).join(" · ");
}

/** Sessions lists signed-in devices; of is a user id, "" for the own ones. */
export function Sessions({ of }: { of: string }) {
  const { t } = useTranslation();
  const query = useSessions(of);
  const cache = useQueryClient();
  const { busy, submit } = useSubmit();
  const base = of ? `/api/users/${of}/sessions` : "/api/me/sessions";
  const end = (id: string) =>
    submit(async () => {
      await remove(`${base}/${id}`);
      await cache.invalidateQueries({ queryKey: peopleKeys.sessions(of) });
      await cache.invalidateQueries({ queryKey: peopleKeys.people });
    });
  return (
    <Loaded query={query} lines={2}>
      {(rows) =>
        rows.length === 0 ? (
          <Empty>{t("people.sheet.noSessions")}</Empty>
        ) : (
          <>
            <ul className="sessions">
              {rows.map((s: SessionRow) => (
                <li key={s.id}>
                  <span>
                    <strong>{browser(s.agent)}</strong>
                    {s.current && <Tag>{t("people.sheet.current")}</Tag>}
                    {s.locked && <Tag>{t("people.locked.title")}</Tag>}
                    <small className="quiet">
                      {s.ip} · {dateTime(s.created_at)}
                    </small>
                  </span>
                  {!s.current && (
                    <Button size="small" disabled={busy} onClick={() => void end(s.id)}>
                      {t("people.sheet.end")}
                    </Button>
                  )}
                </li>
              ))}
            </ul>
            {of && rows.length > 1 && (
              <Button size="small" danger disabled={busy} onClick={() => void end("all")}>
                {t("people.sheet.endAll")}
              </Button>
            )}
          </>
        )
      }
    </Loaded>
  );
}
