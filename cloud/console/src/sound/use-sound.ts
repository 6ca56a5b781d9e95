import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Alarm } from "../api/types";
import { language, say } from "../i18n";
import { useLink, useLive, useNow } from "../live/context";
import { placeName } from "../parts/format";
import { type Muted, nags, occurrence, sounding, toSpeak } from "./tones";

/** useSound plays the worst unacknowledged alarm, and the lost link before all; it reminds of what stands. */
export function useSound(open: Alarm[], muted: Muted | undefined, flood: boolean) {
  const { t } = useTranslation();
  const { player } = useLive();
  const link = useLink();
  const now = useNow();
  const loud = sounding(open, muted, now);
  const tone = link.state === "lost" ? "link" : loud?.severity;
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
}
