import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Drawer, Popconfirm, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { get, post } from "../../api/client";
import { dateTime } from "../../parts/format";
import { Empty, Loaded, useProblemText } from "../../parts/states";
import type { Change, Detail, Kind } from "./api";

/** Versions lists what was published, what changed between two, and takes an old one back into force. */
export function Versions<T>({
  kind,
  id,
  detail,
  close,
  changed,
}: {
  kind: Kind;
  id: string;
  detail: Detail<T>;
  close: () => void;
  changed: () => void;
}) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const words = useProblemText();
  const current = detail.current?.version ?? 0;
  const [from, setFrom] = useState(current || undefined);
  const [to, setTo] = useState(0);
  const path = `/api/documents/${kind}/${id}`;
  const run = (what: Promise<unknown>) =>
    what.then(
      async () => {
        await client.invalidateQueries({ queryKey: ["documents"] });
        close();
        changed();
      },
      (e: unknown) => void message.error(words(e)),
    );
  const versions = detail.versions ?? [];
  const names = versions.map((v) => ({ value: v.version, label: `v${v.version}` }));
  return (
    <Drawer open onClose={close} size={560} title={t("design.versions")}>
      {versions.length === 0 && <Empty>{t("design.neverPublished")}</Empty>}
      <ol className="design-versions">
        {versions.map((v) => (
          <li key={v.version}>
            <strong>v{v.version}</strong> {v.version === current && <em>{t("design.current")}</em>}{" "}
            {dateTime(v.published_at)} · {v.author_name || v.app}
            {v.note && <q>{v.note}</q>}
            {v.from > 0 && <span className="quiet"> {t("design.from", { n: v.from })}</span>}
            {v.version !== current && (
              <Popconfirm
                title={t("design.rollBackAsk", { n: v.version })}
                onConfirm={() => run(post(`${path}/roll-back`, { to: v.version }))}
              >
                <Button size="small">{t("design.rollBack")}</Button>
              </Popconfirm>
            )}
          </li>
        ))}
      </ol>
      {versions.length > 0 && (
        <section>
          <h3>{t("design.diff")}</h3>
          <p className="design-diff-of">
            <Select aria-label={t("design.diffFrom")} options={names} value={from} onChange={setFrom} /> →{" "}
            <Select
              aria-label={t("design.diffTo")}
              options={[...(detail.draft ? [{ value: 0, label: t("design.draft") }] : []), ...names]}
              value={detail.draft || to > 0 ? to : undefined}
              onChange={setTo}
            />
          </p>
          {from && (to > 0 || detail.draft) && <Diff path={path} from={from} to={to} />}
        </section>
      )}
      {current > 0 && (
        <Popconfirm title={t("design.retireAsk")} onConfirm={() => run(post(`${path}/retire`))}>
          <Button danger>{t("design.retire")}</Button>
        </Popconfirm>
      )}
    </Drawer>
  );
}

function Diff({ path, from, to }: { path: string; from: number; to: number }) {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ["documents", "diff", path, from, to],
    queryFn: () => get<Change[]>(`${path}/diff?from=${from}&to=${to}`),
    gcTime: 0,
  });
  return (
    <Loaded query={query}>
      {(changes) =>
        changes.length === 0 ? (
          <Empty>{t("design.noDiff")}</Empty>
        ) : (
          <table className="work-table">
            <tbody>
              {changes.map((c, i) => (
                <tr key={i} className={`design-${c.op}`}>
                  <td>
                    <code>{c.path}</code>
                  </td>
                  <td>{c.op === "add" ? "" : short(c.old)}</td>
                  <td>{c.op === "remove" ? "" : short(c.new)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )
      }
    </Loaded>
  );
}

function short(v: unknown): string {
  const s = typeof v === "string" ? v : (JSON.stringify(v) ?? "");
  return s.length > 120 ? `${s.slice(0, 120)}…` : s;
}
