import { useEffect, useRef, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { Alarm } from "../api/types";
import { language, say } from "../i18n";
import { useLink, useLive, useNow } from "../live/context";
import { placeName } from "../parts/format";
import { type Muted, type ToneName, nags, occurrence, sounding, toSpeak } from "./tones";

/** useSound plays the worst unacknowledged alarm, and the lost link before all; it reminds of what stands. It says what sounds. */
export function useSound(open: Alarm[], muted: Muted | undefined, flood: boolean) {
  const { t } = useTranslation();
  const { player } = useLive();
  const link = useLink();
  const now = useNow();
  const loud = sounding(open, muted, now);
  const quiet = muted?.link === true && now < muted.until;
  const tone: ToneName | undefined = link.state === "lost" && !quiet ? "link" : loud?.severity;
  const spoken = useRef("");
  const quietSince = useRef<number>(undefined);
  useEffect(() => {
    player.play(tone);
    document.documentElement.dataset["sounding"] = tone ?? "";
  }, [player, tone]);
  useEffect(() => {
    if (!loud || spoken.current === occurrence(loud) || !toSpeak(loud, flood)) return;
    spoken.current = occurrence(loud);
    player.say(`${placeName(loud.place, loud.building_name)} ${say(loud.title)}`, language());
  }, [player, loud, flood]);
  useEffect(() => {
    player.check();
    if (tone) quietSince.current = undefined;
    else quietSince.current ??= now;
    if (!nags(open, quietSince.current, now)) return;
    quietSince.current = now;
    player.once("nag");
    const n = open.filter((a) => a.state === "unacked" || a.state === "rtn_unacked").length;
    player.say(t("desk.nag", { n }), language());
    // Once a second is enough; the list itself is no reason to look.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [now]);
  return tone;
}

/** useOnce plays one tone for each thing that is new, when no alarm sounds; what was muted meanwhile is not caught up on. */
export function useOnce(ids: string[], name: ToneName, tone: ToneName | undefined, muted: boolean) {
  const { player } = useLive();
  const armed = useSyncExternalStore(player.subscribe, player.state) === "armed";
  const heard = useRef<ReadonlySet<string>>(new Set());
  const key = ids.join("\n");
  const wasMuted = useRef(muted);
  useEffect(() => {
    const now = key === "" ? [] : key.split("\n");
    const pressed = muted && !wasMuted.current;
    wasMuted.current = muted;
    if (!armed || (tone && !pressed)) {
      heard.current = new Set(now.filter((id) => heard.current.has(id)));
      return;
    }
    if (!pressed && now.some((id) => !heard.current.has(id))) player.once(name);
    heard.current = new Set(now);
  }, [player, key, name, tone, muted, armed]);
}
