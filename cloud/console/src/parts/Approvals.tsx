import { App } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type Override, useAct, useOverrides } from "../areas/alarms/api";
import { say } from "../i18n";
import { clock } from "./format";
import { asked } from "./OverrideRow";
import { useSession } from "./session";
import { useProblemText } from "./states";

const none: Override[] = [];

/** useToApprove are the requests that wait for a second person who may be the one at this seat. */
export function useToApprove(): Override[] {
  const { me, may } = useSession();
  const open = useOverrides("open").data?.items ?? none;
  const allowed = may("alarm.out_of_service");
  return useMemo(
    () => (allowed ? open.filter((o) => asked(o) && o.by !== me.id && o.wish?.by !== me.id) : none),
    [open, allowed, me.id],
  );
}

/** Approvals asks the second person, at every other seat at once. */
export function Approvals() {
  const { t } = useTranslation();
  const { message, modal } = App.useApp();
  const words = useProblemText();
  const act = useAct();
  const first = useToApprove()[0];
  const rest = useToApprove().length - 1;
  if (!first) return null;
  const what = say(first.title) || first.point;
  const text = t(first.wish ? "desk.approve.longer" : "desk.approve.ask", {
    name: first.wish?.by_name ?? first.by_name,
    what,
    at: clock(first.wish?.until ?? first.until ?? ""),
  });
  const approve = () =>
    modal.confirm({
      title: text,
      content: [first.building, first.text, first.work_order, first.person].filter(Boolean).join(" · "),
      okText: t("desk.approve.yes"),
      okButtonProps: { id: "approve-ok" },
      cancelText: t("common.cancel"),
      onOk: () =>
        act
          .mutateAsync({ path: `/api/overrides/${first.id}/approve`, body: {} })
          .catch((e: unknown) => void message.error(words(e), 6)),
    });
  return (
    <div className="banner" role="alert" id="approval" data-override={first.id}>
      {text}
      {rest > 0 && <small>{t("desk.wrong.more", { n: rest })}</small>}
      <button type="button" id="approve" onClick={approve}>
        {t("desk.approve.yes")}…
      </button>
      <Link to="/overrides">{t("desk.look")}</Link>
    </div>
  );
}
