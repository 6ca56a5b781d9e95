import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { get, request } from "../../api/client";
import type { components } from "../../api/schema.gen";
import { Loaded, useProblemText } from "../../parts/states";
import { clockOf, minuteOf } from "./minutes";

type Quiet = components["schemas"]["NoticeQuiet"];
const key = ["quiet-hours"];

/** QuietHours are when a person is not disturbed by what is not urgent. */
export function QuietHours() {
  const { t } = useTranslation();
  const query = useQuery({ queryKey: key, queryFn: () => get<Quiet>("/api/me/quiet-hours") });
  return (
    <section className="notice-quiet">
      <h2>{t("notices.quiet")}</h2>
      <p className="quiet">{t("notices.quietAbout")}</p>
      <Loaded query={query} lines={1}>
        {(q) => <Hours key={`${q.from}-${q.to}`} q={q} />}
      </Loaded>
    </section>
  );
}

function Hours({ q }: { q: Quiet }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const client = useQueryClient();
  const [on, setOn] = useState(q.from !== q.to);
  const [from, setFrom] = useState(clockOf(on ? q.from : 23 * 60));
  const [to, setTo] = useState(clockOf(on ? q.to : 7 * 60));
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      const next: Quiet = on ? { from: minuteOf(from), to: minuteOf(to) } : { from: 0, to: 0 };
      client.setQueryData(key, await request<Quiet>("PUT", "/api/me/quiet-hours", next));
      void message.success(t("notices.saved"));
    } catch (e) {
      void message.error(words(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="notice-bar">
      <label className="notice-push">
        <Switch id="quiet-on" checked={on} onChange={setOn} /> {t("notices.quietOn")}
      </label>
      {(["from", "to"] as const).map((end) => (
        <label key={end} className="notice-push">
          {t(`notices.${end}`)}
          <Input
            id={`quiet-${end}`}
            type="time"
            disabled={!on}
            value={end === "from" ? from : to}
            onChange={(e) => e.target.value && (end === "from" ? setFrom : setTo)(e.target.value)}
            style={{ width: 130 }}
          />
        </label>
      ))}
      <Button id="quiet-save" loading={busy} onClick={() => void save()}>
        {t("notices.save")}
      </Button>
    </div>
  );
}
