import { Button, Drawer, Form, Input, Segmented, Select, Table } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Alarm, AlarmState, Severity } from "../../api/types";
import { AlarmRow } from "../../parts/AlarmRow";
import { Hold } from "../../parts/Hold";
import { HazardIcon } from "../../parts/icons";
import { AlarmMark, QualityMark, StateWord } from "../../parts/marks";
import { Page } from "../../parts/Page";
import { Empty, Failed, Loading } from "../../parts/states";
import { priorities } from "../../theme/tokens";
import { DesignConditions } from "./DesignConditions";

const example = (severity: Severity, state: string): Alarm => {
  const at = new Date(Date.now() - 134_000).toISOString();
  return {
    id: `${severity}-${state}`,
    edge: "edge-b03",
    point: "p",
    rule: "r",
    building: "b03",
    building_name: { zh: "3号楼", en: "Building 3" },
    title: { zh: "烟感火警", en: "Smoke alarm" },
    do: { zh: "通知就近人员 1 分钟内到场确认", en: "Send the nearest person to look within a minute" },
    hazard: "fire",
    severity,
    peak_severity: severity,
    place: { building: "b03", floor: 12, unit_entrance: "2", room: { zh: "东走廊", en: "East corridor" } },
    condition: "active",
    latched: false,
    value: 0,
    unit: "",
    quality: "good",
    state: state as AlarmState,
    muted: false,
    count: 1,
    raised_at: at,
    first_at: at,
    updated_at: at,
    stamps: {},
    version: 1,
    overrides: [{ kind: state, until: new Date(Date.now() + 3_600_000).toISOString() }],
  } as unknown as Alarm;
};

const states = ["unacked", "acked", "rtn_unacked", "shelved", "suppressed", "out_of_service"];
const hazards = [
  "fire",
  "gas",
  "toxic",
  "entrapment",
  "equipment",
  "water",
  "comms",
  "linkage",
  "order",
  "self",
];

/** Design shows every part of the desk in every state, to be looked at. */
export function Design() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const show = (title: string, children: ReactNode) => (
    <section className="card">
      <h2>{title}</h2>
      {children}
    </section>
  );
  return (
    <Page
      title="Anlan 安澜"
      about={t("desk.design.about")}
      verbs={<Button type="primary">{t("common.ok")}</Button>}
    >
      <div className="stack">
        {show(
          t("desk.design.marks"),
          <Table
            pagination={false}
            rowKey="state"
            dataSource={states.map((state) => ({ state }))}
            columns={[
              ...priorities.map((p) => ({
                title: t(`severity.${p}`),
                render: (_: unknown, r: { state: string }) => <AlarmMark alarm={example(p, r.state)} />,
              })),
              {
                title: t("history.columns.state"),
                render: (_, r) => <StateWord alarm={example("minor", r.state)} />,
              },
            ]}
          />,
        )}
        {show(
          t("history.hazard"),
          <p className="verbs">
            {hazards.map((h) => (
              <span key={h}>
                <HazardIcon hazard={h} label={t(`hazard.${h}`)} /> {t(`hazard.${h}`)}
              </span>
            ))}
            <QualityMark quality="bad:timeout" />
          </p>,
        )}
        {show(
          t("desk.design.rows"),
          <ol style={{ position: "relative", height: 4 * 84 }}>
            {["unacked", "acked", "rtn_unacked", "shelved"].map((s, i) => (
              <AlarmRow
                key={s}
                alarm={example((["critical", "major", "minor", "notice"] as const)[i] ?? "minor", s)}
                selected={i === 1}
                style={{ top: i * 84, height: 80 }}
                onSelect={() => undefined}
              />
            ))}
          </ol>,
        )}
        {show(
          t("desk.design.forms"),
          <Form layout="vertical">
            <Form.Item label={t("login.username")} validateStatus="error" help={t("login.required")}>
              <Input />
            </Form.Item>
            <Form.Item label={t("history.hazard")}>
              <Select
                options={hazards.map((h) => ({ value: h, label: t(`hazard.${h}`) }))}
                defaultValue="fire"
              />
            </Form.Item>
            <Segmented options={["1", "2", "3"]} />{" "}
            <Button onClick={() => setOpen(true)}>{t("alarm.open")}</Button>{" "}
            <Button danger>{t("incident.close")}</Button> <Button disabled>{t("common.none")}</Button>
            <div className="verbs" style={{ marginTop: 12, maxWidth: 380 }}>
              <Hold
                label={t("alarm.launch", { plan: "" })}
                holding={t("alarm.launchHold")}
                onDone={() => undefined}
              />
            </div>
          </Form>,
        )}
        {show(t("desk.design.condition"), <DesignConditions />)}
        {show(t("desk.design.nothing"), [
          <Loading key="l" />,
          <Empty key="e">{t("console.noOther")}</Empty>,
          <Failed key="f" error={new Error(t("common.unreachable"))} retry={() => undefined} />,
        ])}
      </div>
      <Drawer open={open} onClose={() => setOpen(false)} title={t("alarm.detail")}>
        <Empty>{t("console.noOther")}</Empty>
      </Drawer>
    </Page>
  );
}
