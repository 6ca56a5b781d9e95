import { App, Button } from "antd";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { request } from "../api/client";
import { deskKeys, useSeats } from "../api/desk";
import type { Alarm } from "../api/types";
import { useLive } from "../live/context";
import { clock } from "./format";
import { useSession } from "./session";
import { useProblemText } from "./states";

/** Claimed says who handles an alarm, and lets this seat take it, take it over or give it back. */
export function Claimed({ alarm: a }: { alarm: Alarm }) {
  const { t } = useTranslation();
  const { me, may } = useSession();
  const { seat } = useLive();
  const cache = useQueryClient();
  const { message, modal } = App.useApp();
  const text = useProblemText();
  const claim = useSeats().data?.claims.find((c) => c.alarm === a.id);
  const path = `/api/seats/${seat.id}/claims/${a.id}`;
  const act = useMutation({
    mutationFn: (v: "take" | "over" | "back") =>
      v === "back" ? request("DELETE", path) : request("PUT", path, { take_over: v === "over" }),
    onSettled: () => void cache.invalidateQueries({ queryKey: deskKeys.seats }),
    onError: (e) => void message.error(text(e), 6),
  });
  if (a.state === "closed") return null;
  const mine = claim?.person === me.id;
  const over = () =>
    modal.confirm({
      title: t("desk.claim.overAsk", { name: claim?.person_name ?? "" }),
      okText: t("desk.claim.over"),
      cancelText: t("common.cancel"),
      onOk: () => act.mutateAsync("over").catch(() => undefined),
    });
  return (
    <div className="claimed" data-claim={claim?.person_name ?? ""}>
      <span className={claim ? "" : "quiet"}>
        {claim
          ? t("desk.claim.by", { name: claim.person_name, at: clock(claim.at) })
          : t("desk.claim.nobody")}
      </span>
      {may("alarm.ack") && (
        <Button
          id="claim"
          loading={act.isPending}
          onClick={() => (mine ? act.mutate("back") : claim ? over() : act.mutate("take"))}
        >
          {t(mine ? "desk.claim.back" : claim ? "desk.claim.over" : "desk.claim.take")} (C)
        </Button>
      )}
    </div>
  );
}
