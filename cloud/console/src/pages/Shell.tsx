import { App, Button, type DropdownProps } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import {
  type ComponentType,
  lazy,
  type ReactElement,
  Suspense,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { Link, NavLink, Outlet, useNavigate, useOutletContext } from "react-router";
import { request } from "../api/client";
import { useSeats } from "../api/desk";
import { keys, useIncidents, useOpenAlarms, useOverview } from "../api/queries";
import type { Alarm } from "../api/types";
import { Bell } from "../areas/notice/Bell";
import { navigation } from "../navigation";
import { say, switchLanguage } from "../i18n";
import { abnormal } from "../live/abnormal";
import { useLink, useLive, useNow, useSeat } from "../live/context";
import { useFlood } from "../live/use-flood";
import { useToApprove } from "../parts/Approvals";
import { HelpSheet } from "../parts/HelpSheet";
import { setZone } from "../parts/format";
import { LifeCard } from "../parts/LifeCard";
import { useSession } from "../parts/session";
import { SoundSheet } from "../parts/SoundSheet";
import { Loading, useProblemText } from "../parts/states";
import { Strip } from "../parts/Strip";
import { type Muted, muteForMs, occurrence, sounding } from "../sound/tones";
import { useOnce, useSound } from "../sound/use-sound";
import type { Mode } from "../theme/tokens";

const noAlarms: Alarm[] = [];

interface Desk {
  /** muteTone silences what sounds now, at this seat, for two minutes */
  muteTone(): void;
  flood: boolean;
  showHelp(): void;
}

export const useDesk = () => useOutletContext<Desk>();

/** The lock bar and the act of locking belong to people's own area; without it nothing is locked. */
const people = import.meta.glob<{ LockBar: ComponentType; lockNow: () => Promise<void> }>(
  "../areas/people/LockBar.tsx",
  { eager: true },
)["../areas/people/LockBar.tsx"];

/** Shell is around every page of the desk: the strip, the way about, and the sound. */
export function Shell({ mode, setMode }: { mode: Mode; setMode: (m: Mode) => void }) {
  const { t } = useTranslation();
  const { me, may } = useSession();
  const open = useOpenAlarms().data?.items ?? noAlarms;
  const overview = useOverview().data;
  const [muted, setMuted] = useState<Muted>();
  const [sheet, setSheet] = useState<"sound" | "help">();
  if (overview) setZone(overview.community.tz);
  const flood = useFlood(open);
  const { stream, seat } = useLive();
  const latest = useRef(open);
  latest.current = open;
  const { player } = useLive();
  const wrong = useAbnormal(open);
  const link = useLink();
  const tone = useSound(open, muted, flood);
  useOnce(
    useMemo(() => wrong.map((x) => x.id), [wrong]),
    "link",
    tone,
    muted !== undefined,
  );
  useOnce(
    useToApprove().map((o) => o.id),
    "nag",
    tone,
    muted !== undefined,
  );
  useTitle(open);
  const kind = may("seat.watch") ? "desk" : "view";
  useEffect(() => seat.start(kind), [seat, kind]);
  useEffect(() => {
    seat.setMuted(muted !== undefined);
    if (!muted) return;
    const timer = setTimeout(() => setMuted(undefined), Math.max(0, muted.until - stream.now()));
    return () => clearTimeout(timer);
  }, [seat, stream, muted]);
  // A mute is for what sounded then: a new alarm ends it, and so does the link when it is back.
  const now = useNow();
  const unmuted = muted !== undefined && sounding(open, muted, now) !== undefined;
  useEffect(() => {
    if (unmuted) setMuted(undefined);
  }, [unmuted]);
  useEffect(() => {
    if (link.state === "alive") setMuted((m) => (m?.link ? { ...m, link: false } : m));
  }, [link.state]);
  const muteTone = useCallback(() => {
    player.hush();
    const ids = latest.current.filter((a) => a.state === "unacked").map(occurrence);
    setMuted({
      until: stream.second() + muteForMs,
      ids: new Set(ids),
      link: stream.current().state === "lost",
    });
  }, [stream, player]);
  const desk = useMemo<Desk>(
    () => ({ muteTone, flood, showHelp: () => setSheet("help") }),
    [muteTone, flood],
  );
  const locked = me.locked;
  const cut = link.state === "stale" || link.state === "lost";
  return (
    <div className={`desk ${cut ? "stale" : ""} ${locked ? "locked" : ""}`}>
      <Strip muted={muted} openSound={() => setSheet("sound")} wrong={wrong} />
      {locked && people && <people.LockBar />}
      <Nav mode={mode} setMode={setMode} />
      {me.must_change_password && (
        <div className="banner">
          <Link to="/password">{t("password.must")}</Link>
        </div>
      )}
      <Suspense fallback={<Loading />}>
        <Outlet context={desk} />
      </Suspense>
      <LifeCard />
      <HelpSheet open={sheet === "help"} close={() => setSheet(undefined)} />
      <SoundSheet open={sheet === "sound"} close={() => setSheet(undefined)} />
    </div>
  );
}

/** useAbnormal are the faults of the watch itself. A desk that does not count says so by a banner of its own. */
function useAbnormal(open: Alarm[]) {
  const overview = useOverview().data;
  const looksOn = useSeat().seat?.kind === "view";
  const onWatch = useSeats().data?.on_watch;
  return useMemo(
    () => abnormal(overview, open, looksOn ? onWatch : undefined),
    [overview, open, looksOn, onWatch],
  );
}

function Nav({ mode, setMode }: { mode: Mode; setMode: (m: Mode) => void }) {
  const { t } = useTranslation();
  const { me, may } = useSession();
  const overview = useOverview().data;
  const running = useIncidents("open").data?.length ?? 0;
  return (
    <nav className="nav" aria-label={t("desk.nav")}>
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
      {!me.locked && <Bell />}
      <ManageMenu />
      <Button type="text" onClick={() => setMode(mode === "night" ? "day" : "night")} id="mode">
        {t(mode === "night" ? "theme.day" : "theme.night")}
      </Button>
      <Button type="text" id="language" onClick={() => void switchLanguage()}>
        {t("lang.other")}
      </Button>
      <UserMenu />
    </nav>
  );
}

const Dropdown = lazy(async () => ({ default: (await import("../parts/Dropdown")).Dropdown }));

/** Menu comes after the first load: alarms do not wait for it, its button is there at once. */
function Menu({ menu, children }: { menu: DropdownProps["menu"]; children: ReactElement }) {
  return (
    <Suspense fallback={children}>
      <Dropdown trigger={["click"]} menu={menu}>
        {children}
      </Dropdown>
    </Suspense>
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
    <Menu
      menu={{
        items: items.map((n) => ({ key: n.to, label: t(n.label), onClick: () => void navigate(n.to) })),
      }}
    >
      <Button type="text" id="manage">
        {t("nav.manage")} ▾
      </Button>
    </Menu>
  );
}

function UserMenu() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const { me } = useSession();
  const { seat } = useLive();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const out = async () => {
    await seat.leave();
    // Whoever signs in here next is not shown what is pushed to this person.
    if (localStorage.getItem("anlan.push"))
      await import("../areas/notice/push").then((p) => p.stopPush()).catch(() => undefined);
    await request("DELETE", "/api/session").catch(() => undefined);
    cache.clear();
    await cache.invalidateQueries({ queryKey: keys.me });
    location.assign("/");
  };
  const lock = async () => {
    await people?.lockNow().catch((e: unknown) => void message.error(words(e), 6));
    await cache.invalidateQueries({ queryKey: keys.me }); // the bar waits for no stream
  };
  const account =
    people && !me.locked
      ? [
          { key: "account", label: t("desk.account"), onClick: () => void navigate("/account") },
          { key: "lock", label: t("desk.lock"), onClick: () => void lock() },
          { key: "password", label: t("password.title"), onClick: () => void navigate("/password") },
        ]
      : [];
  return (
    <Menu
      menu={{
        items: [...account, { key: "out", label: t("login.out"), onClick: () => void out() }],
      }}
    >
      <Button type="text" id="user">
        {me.name} ▾
      </Button>
    </Menu>
  );
}

/** useTitle shows the number of unacknowledged alarms where a minimised window still can. */
function useTitle(open: Alarm[]) {
  const { t } = useTranslation();
  const n = open.filter((a) => a.state === "unacked").length;
  useEffect(() => {
    document.title = n > 0 ? `(${n}) ${t("app")}` : t("app");
  }, [n, t]);
}
