import { Form, InputNumber, Modal } from "antd";
import { useTranslation } from "react-i18next";
import { useSession } from "../../parts/session";
import { Loaded, useProblemText } from "../../parts/states";
import { hazards, type Policy, useAct, usePolicy } from "./api";
import { showProblems } from "./fields";

const life = ["fire", "gas", "toxic", "entrapment"];

/** PolicyDialog is how long which alarms may be set aside. */
export function PolicyDialog({ onEnd }: { onEnd: () => void }) {
  const { t } = useTranslation();
  const policy = usePolicy();
  return (
    <Loaded query={policy}>{(p) => <Edit policy={p} onEnd={onEnd} title={t("alarms.policy")} />}</Loaded>
  );
}

type Fields = {
  shelve_max_s: Record<string, number>;
  out_of_service_max_s: number;
  first_out_window_s: number;
};

function Edit({ policy: p, onEnd, title }: { policy: Policy; onEnd: () => void; title: string }) {
  const { t } = useTranslation();
  const edit = useSession().may("alarm.define");
  const words = useProblemText();
  const [form] = Form.useForm<Fields>();
  const act = useAct<Policy>();
  const submit = (f: Fields) =>
    act.mutate(
      {
        method: "PUT",
        path: "/api/alarm-policy",
        body: {
          version: p.version,
          shelve_max_s: Object.fromEntries(
            hazards.map((h) => [h, Math.round((f.shelve_max_s[h] ?? 0) * 3600)]),
          ),
          out_of_service_max_s: Math.round(f.out_of_service_max_s * 86_400),
          first_out_window_s: f.first_out_window_s,
        },
      },
      { onSuccess: onEnd, onError: (e) => showProblems(form, e) },
    );
  return (
    <Modal
      open
      title={title}
      okText={t("alarms.save")}
      cancelText={t("common.cancel")}
      footer={edit ? undefined : null}
      confirmLoading={act.isPending}
      onCancel={onEnd}
      onOk={() => void form.validateFields().then(submit, () => undefined)}
    >
      <p className="quiet">
        {t("alarms.policyAbout", { n: p.version, name: p.by_name || t("actor.system") })}
      </p>
      <Form<Fields>
        form={form}
        disabled={!edit}
        layout="horizontal"
        labelCol={{ span: 12 }}
        requiredMark={false}
        initialValues={{
          shelve_max_s: Object.fromEntries(hazards.map((h) => [h, (p.shelve_max_s?.[h] ?? 0) / 3600])),
          out_of_service_max_s: p.out_of_service_max_s / 86_400,
          first_out_window_s: p.first_out_window_s,
        }}
      >
        {hazards.map((h) => (
          <Form.Item key={h} name={["shelve_max_s", h]} label={t(`hazard.${h}`)}>
            <InputNumber min={0} max={168} disabled={life.includes(h)} suffix={t("alarms.hourUnit")} />
          </Form.Item>
        ))}
        <Form.Item name="out_of_service_max_s" label={t("alarms.outMax")}>
          <InputNumber min={1} max={366} suffix={t("alarms.dayUnit")} />
        </Form.Item>
        <Form.Item name="first_out_window_s" label={t("alarms.firstOutWindow")}>
          <InputNumber min={1} max={3600} suffix={t("alarms.secondUnit")} />
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
