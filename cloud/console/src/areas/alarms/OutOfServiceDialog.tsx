import { Checkbox, Form, Input, Modal, Segmented } from "antd";
import { useTranslation } from "react-i18next";
import type { Alarm } from "../../api/types";
import { say } from "../../i18n";
import { useNow } from "../../live/context";
import { lifeSafety } from "../../live/open";
import { dateTime, placeName } from "../../parts/format";
import { useProblemText } from "../../parts/states";
import { type Override, useAct } from "./api";
import { showProblems } from "./fields";
import { Reason } from "./ShelveDialog";
import "./alarms.css";

interface Fields {
  reason: string;
  text: string;
  hours: number;
  work_order: string;
  person: string;
  all_rules: boolean;
}

const presets = [1, 2, 4, 8, 24, 72];

/** OutOfServiceDialog takes a point out of service for work on it; where people may be hurt, a second person approves. */
export function OutOfServiceDialog({ alarm: a, onDone }: { alarm: Alarm; onDone: () => void }) {
  const { t } = useTranslation();
  const now = useNow();
  const words = useProblemText();
  const [form] = Form.useForm<Fields>();
  const hours = Form.useWatch("hours", form) ?? 4;
  const act = useAct<Override>();
  const end = new Date(now + hours * 3_600_000);
  const submit = ({ hours: _, ...f }: Fields) =>
    act.mutate(
      {
        path: `/api/alarms/${a.id}/out-of-service`,
        body: { ...f, text: f.text?.trim() ?? "", until: end.toISOString() },
      },
      { onSuccess: onDone, onError: (e) => showProblems(form, e) },
    );
  const required = [{ required: true, whitespace: true, message: t("login.required") }];
  return (
    <Modal
      open
      title={t("alarms.outTitle", { device: say(a.device_name) || a.point })}
      okText={t(lifeSafety(a) ? "alarms.askDo" : "alarms.outDo")}
      cancelText={t("common.cancel")}
      confirmLoading={act.isPending}
      okButtonProps={{ id: "oos-ok" }}
      onCancel={onDone}
      onOk={() => void form.validateFields().then(submit, () => undefined)}
    >
      <p className="quiet">{placeName(a.place, a.building_name)}</p>
      {lifeSafety(a) && <p className="two-persons">{t("alarms.twoPersons")}</p>}
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ hours: 4, reason: "maintenance", text: "", all_rules: true }}
      >
        <Form.Item
          name="hours"
          label={t("alarms.plannedEnd")}
          extra={t("alarms.overdueAlarm", { at: dateTime(end) })}
        >
          <Segmented
            block
            options={presets.map((h) => ({
              value: h,
              label: h < 24 ? t("alarms.hours", { n: h }) : t("alarms.days", { n: h / 24 }),
            }))}
          />
        </Form.Item>
        <div className="pair">
          <Form.Item name="work_order" label={t("alarms.workOrder")} rules={required}>
            <Input maxLength={100} />
          </Form.Item>
          <Form.Item name="person" label={t("alarms.person")} rules={required}>
            <Input maxLength={100} />
          </Form.Item>
        </div>
        <Reason />
        <Form.Item name="all_rules" valuePropName="checked">
          <Checkbox>{t("alarms.allRules")}</Checkbox>
        </Form.Item>
      </Form>
      {act.error && (
        <p role="alert" className="wrong">
          {words(act.error)}
        </p>
      )}
    </Modal>
  );
}
