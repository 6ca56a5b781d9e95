import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { get, request } from "../../api/client";
import type { components } from "../../api/schema.gen";
import { say } from "../../i18n";
import { dateTime } from "../../parts/format";
import { Page } from "../../parts/Page";
import { Empty, Loaded, useProblemText } from "../../parts/states";
import { usePeople } from "../people/api";
import "../work/work.css";

type Delivery = components["schemas"]["NoticeDelivery"];
const states = ["dead", "failed", "waiting"] as const;

/** Deliveries are notices on their way, or stuck, for administrators. */
export function Deliveries() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const state = states.find((s) => s === params.get("state")) ?? "dead";
  const query = useQuery({
    queryKey: ["deliveries", state],
    queryFn: () => get<Delivery[]>(`/api/notice-deliveries?state=${state}`),
    refetchInterval: 15_000,
  });
  return (
    <Page title={t("notices.deliveries")} about={t("notices.deliveriesAbout")}>
      <div className="notice-bar">
        <Segmented
          value={state}
          options={states.map((s) => ({ value: s, label: t(`notices.states.${s}`) }))}
          onChange={(s) => setParams({ state: s }, { replace: true })}
        />
      </div>
      <Loaded query={query} lines={6}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t("notices.none")}</Empty>
          ) : (
            <Rows list={list} dead={state === "dead"} />
          )
        }
      </Loaded>
    </Page>
  );
}

function Rows({ list, dead }: { list: Delivery[]; dead: boolean }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const client = useQueryClient();
  const people = usePeople().data ?? [];
  const [busy, setBusy] = useState("");
  const retry = async (d: Delivery) => {
    setBusy(d.notice + d.channel);
    try {
      await request(
        "POST",
        `/api/notice-deliveries/${encodeURIComponent(d.notice)}/${encodeURIComponent(d.channel)}/retry`,
      );
      void message.success(t("notices.retried"));
    } catch (e) {
      void message.error(words(e));
    }
    await client.invalidateQueries({ queryKey: ["deliveries"] });
    setBusy("");
  };
  return (
    <table className="work-table" id="deliveries">
      <thead>
        <tr>
          {["what", "person", "channel", "attempts", "error", "made"].map((c) => (
            <th key={c}>{t(`notices.${c}`)}</th>
          ))}
          <th>{dead ? "" : t("notices.next")}</th>
        </tr>
      </thead>
      <tbody>
        {list.map((d) => (
          <tr key={d.notice + d.channel}>
            <td>{say(d.title)}</td>
            <td>{people.find((p) => p.id === d.to)?.name ?? d.to}</td>
            <td>{d.channel}</td>
            <td>{d.attempts}</td>
            <td className="wrap">{d.last_error || "—"}</td>
            <td className="work-no">{dateTime(d.made_at)}</td>
            <td className="work-no">
              {dead ? (
                <Button loading={busy === d.notice + d.channel} onClick={() => void retry(d)}>
                  {t("notices.retry")}
                </Button>
              ) : (
                dateTime(d.next_at)
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
