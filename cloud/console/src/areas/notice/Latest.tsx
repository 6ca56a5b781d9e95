import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { get } from "../../api/client";
import { Empty, Loaded } from "../../parts/states";
import { type NoticePage, noticeKeys, useNoticeCount } from "./api";
import { Rows, useRead } from "./Rows";

/** Latest hangs under the bell. */
export function Latest({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const read = useRead();
  const unread = useNoticeCount().data?.unread ?? 0;
  const latest = useQuery({
    queryKey: noticeKeys.latest,
    queryFn: () => get<NoticePage>("/api/notices?limit=8"),
  });
  return (
    <section className="notice-popover" aria-label={t("notice.title")}>
      <header>
        <strong>{t("notice.title")}</strong>
        <Button type="link" disabled={unread === 0} onClick={() => read.mutate(undefined)}>
          {t("notice.readAll")}
        </Button>
      </header>
      <Loaded query={latest} lines={4}>
        {(p) =>
          p.items.length === 0 ? <Empty>{t("notice.none")}</Empty> : <Rows items={p.items} opened={close} />
        }
      </Loaded>
      <footer>
        <Link to="/notices" onClick={close}>
          {t("notice.all")}
        </Link>
      </footer>
    </section>
  );
}
