import { Alert, App, Form, Input, Modal } from "antd";
import { useTranslation } from "react-i18next";
import { post } from "../../api/client";
import { say } from "../../i18n";
import { instant, wall } from "../../parts/format";
import { useProblemText } from "../../parts/states";
import { useState } from "react";
import { type DueTest, keyOf, useTold } from "./api";

/** NoteTest takes down that devices were proven to work, one after the other. */
export function NoteTest({ devices, close }: { devices: DueTest[]; close: (done: boolean) => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const told = useTold();
  const [form] = Form.useForm<{ at: string; note: string }>();
  const [done, setDone] = useState<number>();
  const note = async (v: { at: string; note: string }) => {
    let bad = 0;
    let why = "";
    setDone(0);
    for (const [i, d] of devices.entries()) {
      try {
        await post(`/api/devices/${keyOf(d)}/tests`, {
          at: instant(v.at).toISOString(),
          note: v.note.trim(),
        });
      } catch (e) {
        bad++;
        why = words(e);
      }
      setDone(i + 1);
    }
    await told();
    setDone(undefined);
    if (bad === 0) void message.success(t("proof.noted", { n: devices.length }));
    else void message.error(t("proof.partly", { n: devices.length - bad, bad, why }), 8);
    if (bad < devices.length) close(true);
  };
  const names = devices.slice(0, 8).map((d) => say(d.name) || d.device);
  return (
    <Modal
      open
      title={devices.length === 1 ? t("proof.note") : t("proof.noteMany", { n: devices.length })}
      okText={done === undefined ? t("proof.note") : `${done} / ${devices.length}`}
      cancelText={t("proof.cancel")}
      okButtonProps={{ id: "note-test", loading: done !== undefined }}
      onOk={() => form.submit()}
      onCancel={() => close(false)}
    >
      <p>{names.join("、") + (devices.length > names.length ? " …" : "")}</p>
      <Form
        form={form}
        layout="vertical"
        initialValues={{ at: wall(Date.now()), note: t("proof.unit") }}
        onFinish={(v) => void note(v)}
      >
        <Form.Item
          name="at"
          label={t("proof.at")}
          rules={[
            { required: true, message: t("proof.at") },
            {
              validator: (_, v: string) =>
                v && instant(v).getTime() > Date.now() + 60_000
                  ? Promise.reject(new Error(t("proof.future")))
                  : Promise.resolve(),
            },
          ]}
        >
          <Input type="datetime-local" />
        </Form.Item>
        <Form.Item name="note" label={t("proof.how")}>
          <Input.TextArea rows={3} maxLength={500} showCount placeholder={t("proof.howHint")} />
        </Form.Item>
      </Form>
      <Alert type="info" showIcon title={t("proof.confirm")} />
    </Modal>
  );
}
