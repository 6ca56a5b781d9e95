import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { App, Button, Segmented, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { get } from "../../api/client";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Empty, Loaded, useProblemText } from "../../parts/states";
import { Waiting } from "../work/Waiting";
import { type NoticePage, noticeKeys, useNoticeCount } from "./api";
import { obstacle, pushed, startPush, stopPush } from "./push";
import { QuietHours } from "./QuietHours";
import { Rows, useRead } from "./Rows";

/** Notices is all that a person was told. */
export function Notices() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const unread = params.get("unread") === "1";
  const { may } = useSession();
  const count = useNoticeCount().data;
  const read = useRead();
  const list = useInfiniteQuery({
    queryKey: noticeKeys.list(unread),
    queryFn: ({ pageParam }) =>
      get<NoticePage>(
        `/api/notices?unread=${unread}${pageParam ? `&before=${encodeURIComponent(pageParam)}` : ""}`,
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
  });
  return (
    <Page
      title={t("notice.title")}
      about={
        may("work.use") && (
          <Link to="/todos">
            <Waiting />
          </Link>
        )
      }
      verbs={
        <>
          {may("user.manage") && (
            <Link className="notice-link" to="/notices/deliveries">
              {t("notices.deliveries")}
            </Link>
          )}
          <Button disabled={!count?.unread} onClick={() => read.mutate(undefined)}>
            {t("notice.readAll")}
          </Button>
        </>
      }
    >
      <div className="notice-bar">
        <Segmented
          options={[
            { value: "", label: t("notice.every") },
            { value: "1", label: t("notice.onlyUnread") },
          ]}
          value={unread ? "1" : ""}
          onChange={(v) => setParams(v ? { unread: v } : {}, { replace: true })}
        />
        <PushSwitch />
      </div>
      <Loaded query={list} lines={6}>
        {(d) => {
          const items = d.pages.flatMap((p) => p.items);
          return items.length === 0 ? (
            <Empty>{t(unread ? "notice.noneUnread" : "notice.none")}</Empty>
          ) : (
            <Rows items={items} />
          );
        }}
      </Loaded>
      {list.hasNextPage && (
        <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
          {t("notice.more")}
        </Button>
      )}
      <QuietHours />
    </Page>
  );
}

function PushSwitch() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const [busy, setBusy] = useState(false);
  const [why, setWhy] = useState(obstacle);
  const on = useQuery({ queryKey: ["push"], queryFn: pushed });
  const turn = async (to: boolean) => {
    setBusy(true);
    try {
      if (to) setWhy(await startPush());
      else await stopPush();
    } catch (e) {
      void message.error(t("notice.pushFailed", { why: words(e) }), 8);
    }
    await on.refetch();
    setBusy(false);
  };
  return (
    <label className="notice-push">
      <Switch
        id="push"
        checked={on.data ?? false}
        disabled={why !== ""}
        loading={busy}
        onChange={(v) => void turn(v)}
      />
      <span>
        {t("notice.push")}
        {why && <span className="quiet"> {t(`notice.cannot.${why}`)}</span>}
      </span>
    </label>
  );
}
