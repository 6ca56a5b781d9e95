import { Button, Dropdown } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, NavLink, Outlet, useNavigate, useOutletContext } from "react-router";
import { request } from "../api/client";
import { keys, useIncidents, useOpenAlarms, useOverview } from "../api/queries";
import type { Alarm } from "../api/types";
import { navigation } from "../navigation";
import { language, say, switchLanguage } from "../i18n";
import { useLink, useLive, useNow, usePainted } from "../live/context";
import { placeName, setZone } from "../parts/format";
import { useSession } from "../parts/session";
import { Loading } from "../parts/states";
import { Strip } from "../parts/Strip";
import { type Muted, muteForMs, occurrence, sounding } from "../sound/tones";
import type { Mode } from "../theme/tokens";

const noAlarms: Alarm[] = [];

interface Desk {
  /** muteTone silences what sounds now, at this seat, for two minutes */
  muteTone(): void;
}

export const useDesk = () => useOutletContext<Desk>();

/** Shell is around every page of the desk: the strip, the way about, and the sound. */
export function Shell({ mode, setMode }: { mode: Mode; setMode: (m: Mode) => void }) {
  const { t } = useTranslation();
  const { me, may } = useSession();
  const open = useOpenAlarms().data?.items ?? noAlarms;
  const overview = useOverview().data;
  const [muted, setMuted] = useState<Muted>();
  if (overview) setZone(overview.community.tz);
  useSound(open, muted);
  useTitle(open);
  usePainted(open);
  const { stream } = useLive();
  const desk = useMemo<Desk>(
    () => ({
      muteTone: () =>
        setMuted({
          until: stream.now() + muteForMs,
          ids: new Set(open.filter((a) => a.state === "unacked").map(occurrence)),
        }),
    }),
    [open, stream],
  );
  const running = useIncidents("open").data?.length ?? 0;
  const link = useLink();
  return (
    <div className={`desk ${link.state === "stale" || link.state === "lost" ? "stale" : ""}`}>
      <Strip muted={muted} />
      <nav className="nav">
        <b>
          <img src="/icon.svg" alt="" width={22} height={22} />{" "}
          {overview ? say(overview.community.name) : t("app")}
        </b>
        <NavLink to="/" end>
          {t("nav.console")}
        </NavLink>
        <NavLink to="/incidents">
          {t("nav.incidents")}
          {running > 0 && <span className="badge">{running}</span>}
        </NavLink>
        <NavLink to="/history">{t("nav.history")}</NavLink>
        <NavLink to="/fleet">{t("nav.fleet")}</NavLink>
        {navigation
          .filter((n) => n.group === "desk" && (!n.permission || may(n.permission)))
          .map((n) => (
            <NavLink key={n.to} to={n.to}>
              {t(n.label)}
            </NavLink>
          ))}
        <span className="grow" />
        <ManageMenu />
        <Button type="text" size="small" onClick={() => setMode(mode === "night" ? "day" : "night")}>
          {t(mode === "night" ? "theme.day" : "theme.night")}
        </Button>
        <Button type="text" size="small" id="language" onClick={() => void switchLanguage()}>
          {t("lang.other")}
        </Button>
        <UserMenu />
      </nav>
      {me.must_change_password && (
        <div className="banner">
          <Link to="/password">{t("password.must")}</Link>
        </div>
      )}
      <Suspense fallback={<Loading />}>
        <Outlet context={desk} />
      </Suspense>
    </div>
  );
}

/** ManageMenu holds what is set up rather than watched; whoever may do none of it does not see it. */
function ManageMenu() {
  const { t } = useTranslation();
  const { may } = useSession();
  const navigate = useNavigate();
  const items = navigation.filter((n) => n.group === "manage" && (!n.permission || may(n.permission)));
  if (items.length === 0) return null;
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: items.map((n) => ({ key: n.to, label: t(n.label), onClick: () => void navigate(n.to) })),
      }}
    >
      <Button type="text" size="small" id="manage">
        {t("nav.manage")} ▾
      </Button>
    </Dropdown>
  );
}

function UserMenu() {
  const { t } = useTranslation();
  const { me } = useSession();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const out = async () => {
    await request("DELETE", "/api/session").catch(() => undefined);
    cache.clear();
    await cache.invalidateQueries({ queryKey: keys.me });
    location.assign("/");
  };
  return (
    <Dropdown
      menu={{
        items: [
          { key: "password", label: t("password.title"), onClick: () => void navigate("/password") },
          { key: "out", label: t("login.out"), onClick: () => void out() },
        ],
      }}
    >
      <Button type="text" size="small">
        {me.name} ▾
      </Button>
    </Dropdown>
  );
}

/** useSound plays the worst unacknowledged alarm, and the lost link before all. */
function useSound(open: Alarm[], muted: Muted | undefined) {
  const { player } = useLive();
  const link = useLink();
  const now = useNow();
  const loud = sounding(open, muted, now);
  const tone = link.state === "lost" ? "link" : loud?.severity;
  const spoken = useRef("");
  useEffect(() => {
    player.play(tone);
    document.documentElement.dataset["sounding"] = tone ?? "";
  }, [player, tone]);
  useEffect(() => {
    if (!loud || spoken.current === occurrence(loud)) return;
    spoken.current = occurrence(loud);
    player.say(`${placeName(loud.place, loud.building_name)} ${say(loud.title)}`, language());
  }, [player, loud]);
}

/** useTitle shows the number of unacknowledged alarms where a minimised window still can. */
function useTitle(open: Alarm[]) {
  const { t } = useTranslation();
  const n = open.filter((a) => a.state === "unacked").length;
  useEffect(() => {
    document.title = n > 0 ? `(${n}) ${t("app")}` : t("app");
  }, [n, t]);
}
