import { Table } from "antd";
import { useTranslation } from "react-i18next";
import { type Seat, useSeats } from "../../api/desk";
import { useNow } from "../../live/context";
import { age, dateTime } from "../../parts/format";
import { Page } from "../../parts/Page";
import { Empty, Loaded } from "../../parts/states";

/** Seats is who sits at which console, and whether they could see and hear an alarm. */
export function Seats() {
  const { t } = useTranslation();
  const now = useNow();
  return (
    <Page title={t("desk.seats.title")} about={t("desk.seats.about")}>
      <Loaded query={useSeats()}>
        {(l) =>
          l.items.length === 0 ? (
            <Empty>{t("desk.seats.none")}</Empty>
          ) : (
            <Table<Seat>
              rowKey="id"
              pagination={false}
              dataSource={l.items}
              scroll={{ x: true }}
              columns={[
                { title: t("desk.seats.name"), dataIndex: "name" },
                { title: t("desk.seats.person"), dataIndex: "person_name" },
                { title: t("desk.seats.kind"), render: (_, s) => t(`desk.seats.kinds.${s.kind}`) },
                {
                  title: t("desk.seats.state"),
                  render: (_, s) => (
                    <span
                      className={s.kind === "desk" && s.state !== "watching" ? "abnormal" : ""}
                      data-seat={s.state}
                    >
                      {t(`desk.seats.states.${s.state}`)}
                    </span>
                  ),
                },
                { title: t("desk.seats.since"), render: (_, s) => dateTime(s.registered_at) },
                {
                  title: t("desk.seats.heard"),
                  render: (_, s) => t("point.ago", { age: age(t, now - Date.parse(s.heard_at)) }),
                },
              ]}
            />
          )
        }
      </Loaded>
    </Page>
  );
}
