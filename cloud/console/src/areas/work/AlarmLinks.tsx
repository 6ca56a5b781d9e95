import { App, Button } from "antd";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { get, post } from "../../api/client";
import type { components } from "../../api/schema.gen";
import type { Alarm } from "../../api/types";
import { say } from "../../i18n";
import { dateTime, placeName } from "../../parts/format";
import { AlarmMark, StateWord } from "../../parts/marks";
import { useSession } from "../../parts/session";
import { Empty, useProblemText } from "../../parts/states";
import "./work.css";
import "./links.css";

type Schemas = components["schemas"];
type HazardOfAlarm = Schemas["HazardOfAlarm"];
type AlarmOfHazard = Omit<Schemas["AlarmOfHazard"], "alarm"> & { alarm: Alarm };
interface Opened {
  fresh: boolean;
  hazard: HazardOfAlarm | null;
}

const hazardsKey = (alarm: string) => ["alarm", alarm, "hazards"] as const;

/** Whence says who made the link: a rule of the device's, or a person. */
function Whence({ kind, who }: { kind: string; who: string }) {
  const { t } = useTranslation();
  return (
    <small className="quiet">
      {kind === "evidence" ? t("origin.byRule") : t("origin.byPerson", { who })}
    </small>
  );
}

/** HazardsOfAlarm is what has become of an alarm as a hazard, and the one click that makes it one. */
export function HazardsOfAlarm({ alarm: a }: { alarm: Alarm }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const { message } = App.useApp();
  const words = useProblemText();
  const client = useQueryClient();
  const path = `/api/alarms/${encodeURIComponent(a.id)}/hazards`;
  const allowed = may("work.use");
  const list = useQuery({
    queryKey: hazardsKey(a.id),
    queryFn: () => get<{ items: HazardOfAlarm[] }>(path),
    enabled: allowed,
    refetchInterval: 15_000,
  });
  const open = useMutation({
    mutationFn: () => post<Opened>(path, {}),
    onSuccess: (o) => {
      const no = o.hazard?.no ?? "";
      if (o.fresh) void message.success(t("origin.opened", { no }));
      else void message.info(o.hazard ? t("origin.already", { no }) : t("origin.alreadyElsewhere"));
      void client.invalidateQueries({ queryKey: hazardsKey(a.id) });
      void client.invalidateQueries({ queryKey: ["todos"] });
      void client.invalidateQueries({ queryKey: ["records"] });
    },
    onError: (e: unknown) => void message.error(words(e)),
  });
  if (!allowed) return null;
  const items = list.data?.items ?? [];
  return (
    <section className="card" id="alarm-hazards">
      <h2>{t("origin.hazards")}</h2>
      {list.error ? (
        <p role="alert">{words(list.error)}</p>
      ) : (
        items.length === 0 && list.data && <Empty>{t("origin.none")}</Empty>
      )}
      <ul className="work-links">
        {items.map((h) => (
          <li key={h.record}>
            <Link to={h.instance ? `/flows/${h.instance}` : `/forms/${h.form}`}>
              <b>{h.no || h.record}</b> {h.what}
            </Link>{" "}
            <span className="work-tag">{t(`work.states.${h.state}`, { defaultValue: h.state ?? "" })}</span>{" "}
            <Whence kind={h.kind} who={h.by_name} /> <time>{dateTime(h.at)}</time>
          </li>
        ))}
      </ul>
      <Button id="open-hazard" loading={open.isPending} onClick={() => open.mutate()}>
        {t("origin.open")}
      </Button>
    </section>
  );
}

/** AlarmsOfRecord lists the alarms a hazard came from; it is not there if it came from none. */
export function AlarmsOfRecord({ form, record }: { form: string; record: string }) {
  const { t } = useTranslation();
  const words = useProblemText();
  const list = useQuery({
    queryKey: ["records", form, record, "alarms"],
    queryFn: () => get<{ items: AlarmOfHazard[] }>(`/api/forms/${form}/records/${record}/alarms`),
    refetchInterval: 30_000,
  });
  const items = list.data?.items ?? [];
  if (items.length === 0 && !list.error) return null;
  return (
    <section className="work-box" id="from-alarms">
      <h2>{t("origin.alarms")}</h2>
      {list.error && <p role="alert">{words(list.error)}</p>}
      <ul className="work-links">
        {items.map(({ alarm: a, kind, by_name }) => (
          <li key={a.id}>
            <AlarmMark alarm={a} /> <Link to={`/alarms/${a.id}`}>{say(a.title)}</Link> <StateWord alarm={a} />{" "}
            <span>
              {say(a.device_name) || a.point || a.edge} · {placeName(a.place, a.building_name)} ·{" "}
              {dateTime(a.raised_at)}
              {a.count > 1 && ` · ×${a.count}`}
            </span>{" "}
            <Whence kind={kind} who={by_name} />
          </li>
        ))}
      </ul>
    </section>
  );
}
