import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useDeskSetting } from "../api/desk";
import { say } from "../i18n";
import type { Abnormal } from "../live/abnormal";
import { useNewBuild } from "../live/build";
import { useLive, useNow } from "../live/context";
import { Approvals } from "./Approvals";
import { age, clock, elapsed, placeName } from "./format";

/** Banners are what is abnormal of the screen itself; alarms have their own places. */
export function Banners(props: { lost: boolean; silence: number; openSound: () => void; wrong: Abnormal[] }) {
  const { lost, silence, openSound, wrong } = props;
  const { t } = useTranslation();
  const { player } = useLive();
  const sound = useSyncExternalStore(player.subscribe, player.state);
  const phone = useDeskSetting().data?.data_centre_phone;
  const build = useNewBuild();
  return (
    <>
      {lost && (
        <div className="banner critical" role="alert" id="link-banner">
          {t("strip.lost", { age: elapsed(silence) })} · {t("desk.lostHelp")}
          {phone ? (
            <a href={`tel:${phone.replace(/[^\d+]/g, "")}`}>{t("desk.dataCentre", { phone })}</a>
          ) : (
            <span>{t("desk.noDataCentre")}</span>
          )}
        </div>
      )}
      {sound === "blocked" && (
        <div className="banner critical" role="alert" id="deaf">
          {t("desk.deaf")}
          <button type="button" onClick={() => void player.arm()}>
            {t("desk.sound.arm")}
          </button>
        </div>
      )}
      {sound === "unarmed" && (
        <div className="banner major" role="alert" id="arm">
          {t("desk.unarmed")}
          <button
            type="button"
            id="arm-sound"
            onClick={() => {
              void player.arm();
              openSound();
            }}
          >
            {t("desk.sound.arm")}
          </button>
        </div>
      )}
      {!lost && wrong.length > 0 && <Wrong items={wrong} />}
      <Approvals />
      {build && (
        <div className="banner" role="status" id="new-build">
          {t("desk.newBuild")}
          <button type="button" onClick={() => location.reload()}>
            {t("desk.newBuildLoad")}
          </button>
        </div>
      )}
      <Missed />
    </>
  );
}

const shown = 3;

/** Wrong says what of the watch itself is not as it should be, and where. */
function Wrong({ items }: { items: Abnormal[] }) {
  const { t } = useTranslation();
  const now = useNow();
  return (
    <div className="banner wrong-banner" role="alert" id="abnormal" data-n={items.length}>
      <ul>
        {items.slice(0, shown).map((x) => (
          <li key={x.id} data-what={x.what}>
            ▲ <b>{t(`desk.wrong.${x.what}`)}</b> {[say(x.building), say(x.name)].filter(Boolean).join(" · ")}{" "}
            {x.since && <small>{t("desk.strip.heard", { age: age(t, now - Date.parse(x.since)) })}</small>}{" "}
            {x.alarm ? (
              <Link to={`/?alarm=${x.alarm}`}>{t("desk.look")}</Link>
            ) : (
              <Link to={x.what === "seat" ? "/seats" : "/fleet"}>{t("desk.look")}</Link>
            )}
          </li>
        ))}
        {items.length > shown && <li>{t("desk.wrong.more", { n: items.length - shown })}</li>}
      </ul>
    </div>
  );
}

function Missed() {
  const { t } = useTranslation();
  const { missed, clearMissed } = useLive();
  if (missed.length === 0) return null;
  return (
    <div className="banner" role="alert" id="missed">
      {t("strip.missed", { n: missed.length })}
      <ul>
        {missed.slice(0, 5).map((a) => (
          <li key={a.id}>
            <Link to={`/?alarm=${a.id}`}>
              {clock(a.raised_at)} {say(a.title)} {placeName(a.place, a.building_name)}
            </Link>
          </li>
        ))}
        {missed.length > 5 && <li>…</li>}
      </ul>
      <button type="button" onClick={clearMissed}>
        {t("strip.dismiss")}
      </button>
    </div>
  );
}
