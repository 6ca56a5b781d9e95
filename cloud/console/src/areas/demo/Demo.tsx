import { useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Progress, Radio } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { request } from "../../api/client";
import { dateTime } from "../../parts/format";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Empty, Loaded, useProblemText } from "../../parts/states";
import { type Counts, demoKey, type Status, useDemo } from "./api";
import "./demo.css";

const kinds = ["towers", "households", "people", "hazards", "patrols"] as const;
const notes = ["own", "people", "you", "quiet", "auto"] as const;
const sizes = { full: {}, small: { towers: 3, months: 3 } };

/** Demo puts the demo community in, shows how far it is, and wipes it. */
export function Demo() {
  const { t } = useTranslation();
  const { me } = useSession();
  const everywhere = me.reach["user.manage"]?.all === true;
  return (
    <Page title={t("demo.title")} about={t("demo.about")}>
      {everywhere ? <Known /> : <Empty>{t("common.forbidden")}</Empty>}
    </Page>
  );
}

function Known() {
  return (
    <Loaded query={useDemo()} lines={8}>
      {(s) => (
        <div className="demo" data-state={s.state}>
          {s.state === "absent" && <Offer s={s} />}
          {(s.state === "filling" || s.state === "wiping") && <Underway s={s} />}
          {s.state === "there" && <There s={s} />}
        </div>
      )}
    </Loaded>
  );
}

/** useVerb sends one of the two verbs and shows what it came to at once. */
function useVerb() {
  const cache = useQueryClient();
  const { message } = App.useApp();
  const words = useProblemText();
  const [sending, setSending] = useState(false);
  const send = async (method: "POST" | "DELETE", body?: unknown) => {
    setSending(true);
    try {
      cache.setQueryData(demoKey, await request<Status>(method, "/api/demo", body));
    } catch (e) {
      void message.error(words(e));
      void cache.invalidateQueries({ queryKey: demoKey });
    } finally {
      setSending(false);
    }
  };
  return { sending, send };
}

function Numbers({ of }: { of: Counts }) {
  const { t } = useTranslation();
  return (
    <dl className="demo-numbers">
      {kinds.map((k) => (
        <div key={k} data-kind={k}>
          <dd>{of[k].toLocaleString()}</dd>
          <dt>{t(`demo.${k}`)}</dt>
        </div>
      ))}
    </dl>
  );
}

function Offer({ s }: { s: Status }) {
  const { t } = useTranslation();
  const [size, setSize] = useState<keyof typeof sizes>("full");
  const { sending, send } = useVerb();
  return (
    <section className="panel-box">
      <h3>{t("demo.makes")}</h3>
      <Numbers of={s[size]} />
      <Radio.Group
        aria-label={t("demo.size")}
        value={size}
        onChange={(e) => setSize(e.target.value as keyof typeof sizes)}
        options={(["full", "small"] as const).map((v) => ({ value: v, label: t(`demo.${v}`) }))}
      />
      {size === "small" && <p className="quiet">{t("demo.smallAbout")}</p>}
      <ul className="demo-notes">
        {notes.map((n) => (
          <li key={n}>{t(`demo.notes.${n}`)}</li>
        ))}
      </ul>
      <Button
        type="primary"
        size="large"
        id="demo-put-in"
        loading={sending}
        onClick={() => void send("POST", sizes[size])}
      >
        {t("demo.putIn")}
      </Button>
    </section>
  );
}

function Underway({ s }: { s: Status }) {
  const { t } = useTranslation();
  return (
    <section className="panel-box" aria-live="polite">
      <h3>{t(`demo.${s.state as "filling" | "wiping"}`)}</h3>
      <Progress
        percent={s.percent}
        status="active"
        aria-label={t(`demo.${s.state as "filling" | "wiping"}`)}
      />
      <p id="demo-stage">{s.stage && t(`demo.stage.${s.stage}`)}</p>
      <p className="quiet">{t("demo.leave")}</p>
      {s.error && <Alert type="warning" showIcon title={t("demo.retry", { why: s.error })} />}
      {s.state === "filling" && <WipeButton word="demo.stop" />}
    </section>
  );
}

function There({ s }: { s: Status }) {
  const { t } = useTranslation();
  const links = {
    hazards: "/forms/hazard",
    todos: "/todos",
    households: "/forms/demo_household",
    patrols: "/forms/patrol_record",
    places: "/places",
  } as const;
  return (
    <section className="panel-box">
      <h3>{t("demo.has")}</h3>
      <Numbers of={s.made} />
      {s.skipped > 0 && (
        <Alert type="warning" showIcon title={t("demo.skipped", { n: s.skipped })} description={s.why} />
      )}
      {s.begun_at && <p className="quiet">{t("demo.by", { who: s.by, at: dateTime(s.begun_at) })}</p>}
      <nav className="demo-links" aria-label={t("demo.look")}>
        {(Object.keys(links) as (keyof typeof links)[]).map((k) => (
          <Link key={k} to={links[k]}>
            {t(`demo.links.${k}`)}
          </Link>
        ))}
      </nav>
      <WipeButton word="demo.wipe" />
    </section>
  );
}

function WipeButton({ word }: { word: "demo.wipe" | "demo.stop" }) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const { sending, send } = useVerb();
  const ask = () =>
    void modal.confirm({
      title: t("demo.wipeTitle"),
      width: 560,
      content: (
        <>
          <p>{t("demo.wipeGoes")}</p>
          <p>{t("demo.wipeStays")}</p>
        </>
      ),
      okText: t("demo.wipe"),
      okButtonProps: { danger: true, id: "demo-wipe-sure" },
      cancelText: t("common.cancel"),
      onOk: () => send("DELETE"),
    });
  return (
    <Button danger id="demo-wipe" loading={sending} onClick={ask}>
      {t(word)}
    </Button>
  );
}
