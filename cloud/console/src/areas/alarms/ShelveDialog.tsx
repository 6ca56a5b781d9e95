import { Checkbox, Form, Input, Modal, Segmented, Select } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Alarm } from "../../api/types";
import { say } from "../../i18n";
import { useNow } from "../../live/context";
import { dateTime, placeName } from "../../parts/format";
import { useProblemText } from "../../parts/states";
import { reasons, useAct, usePolicy } from "./api";
import { showProblems } from "./fields";
import "./alarms.css";

interface Fields {
  reason: string;
  text: string;
  for_s: number;
  one_shot: boolean;
}

const presets = [900, 1800, 3600, 7200, 14_400, 28_800];

/** ShelveDialog sets an alarm aside for a time, with a reason. It comes back by itself. */
export function ShelveDialog({ alarm: a, onDone }: { alarm: Alarm; onDone: () => void }) {
  const { t } = useTranslation();
  const now = useNow();
  const words = useProblemText();
  const cache = useQueryClient();
  const policy = usePolicy();
  const most = policy.data?.shelve_max_s?.[a.hazard] ?? 28_800;
  const [form] = Form.useForm<Fields>();
  const chosen = Form.useWatch("for_s", form) ?? 1800;
  const act = useAct<Alarm>();
  const times = presets.filter((s) => s <= most);
  const submit = (f: Fields) =>
    act.mutate(
      { path: `/api/alarms/${a.id}/shelve`, body: { ...f, text: f.text?.trim() ?? "" } },
      {
        onSuccess: () => {
          void cache.invalidateQueries({ queryKey: ["alarms"] });
          onDone();
        },
        onError: (e) => showProblems(form, e),
      },
    );
  return (
    <Modal
      open
      title={t("alarms.shelveTitle", { title: say(a.title) })}
      okText={t("alarms.shelveDo")}
      cancelText={t("common.cancel")}
      confirmLoading={act.isPending}
      okButtonProps={{ id: "shelve-ok", disabled: most === 0 }}
      onCancel={onDone}
      onOk={() => void form.validateFields().then(submit, () => undefined)}
    >
      <p className="quiet">{placeName(a.place, a.building_name)}</p>
      {most === 0 ? (
        <p role="alert">{t("alarms.noShelve")}</p>
      ) : (
        <Form<Fields>
          form={form}
          layout="vertical"
          requiredMark={false}
          initialValues={{ for_s: Math.min(1800, most), text: "", one_shot: false }}
        >
          <Form.Item
            name="for_s"
            label={t("alarms.forHowLong")}
            extra={t("alarms.comesBack", { at: dateTime(now + chosen * 1000) })}
          >
            <Segmented block options={times.map((s) => ({ value: s, label: span(t, s) }))} />
          </Form.Item>
          <Reason />
          <Form.Item name="one_shot" valuePropName="checked">
            <Checkbox>{t("alarms.oneShot")}</Checkbox>
          </Form.Item>
        </Form>
      )}
      <p className="quiet">{t("alarms.goesOn")}</p>
      {act.error && (
        <p role="alert" className="wrong">
          {words(act.error)}
        </p>
      )}
    </Modal>
  );
}

const span = (t: ReturnType<typeof useTranslation>["t"], s: number) =>
  s < 3600 ? t("alarms.minutes", { n: s / 60 }) : t("alarms.hours", { n: s / 3600 });

/** Reason asks why, from a list, with words where the list does not say enough. */
export function Reason() {
  const { t } = useTranslation();
  return (
    <>
      <Form.Item
        name="reason"
        label={t("alarms.reasonLabel")}
        rules={[{ required: true, message: t("alarms.chooseReason") }]}
      >
        <Select
          placeholder={t("alarms.chooseReason")}
          options={reasons.map((r) => ({ value: r, label: t(`alarms.reason.${r}`) }))}
        />
      </Form.Item>
      <Form.Item
        name="text"
        label={t("alarms.text")}
        dependencies={["reason"]}
        rules={[
          ({ getFieldValue }) => ({
            required: getFieldValue("reason") === "other",
            whitespace: true,
            message: t("alarms.sayWhy"),
          }),
        ]}
      >
        <Input.TextArea maxLength={500} autoSize={{ minRows: 2 }} />
      </Form.Item>
    </>
  );
}
