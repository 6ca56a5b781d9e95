import { Button, Form, Input, Modal, Typography } from "antd";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { post, Problem } from "../../api/client";
import { useFleet, keys } from "../../api/queries";
import { dateTime } from "../../parts/format";
import { useProblemText } from "../../parts/states";
import { accessKey, type NewToken } from "./queries";

interface Fields {
  id: string;
  name: string;
  url: string;
}

/** Enrol makes a one-time token and says what to do with it; the token is shown here and never again. */
export function Enrol({ known, onEnd }: { known: { id: string; name: string }; onEnd: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const words = useProblemText();
  const [form] = Form.useForm<Fields>();
  const make = useMutation({
    mutationFn: (f: Fields) =>
      post<NewToken>("/api/edges", { id: f.id, name: { zh: f.name, en: "" }, url: f.url }),
    onSuccess: (_, f) => {
      void cache.invalidateQueries({ queryKey: accessKey(f.id) });
      void cache.invalidateQueries({ queryKey: keys.fleet });
    },
    onError: (e) => {
      if (!(e instanceof Problem)) return;
      form.setFields(
        e.errors.map((p) => ({
          name: (p.location ?? "").replace("body.", "") as keyof Fields,
          errors: [p.message ?? ""],
        })),
      );
    },
  });
  if (make.data) return <Made made={make.data} onEnd={onEnd} />;
  return (
    <Modal
      open
      title={known.id ? t("edges.tokenFor", { edge: known.name || known.id }) : t("edges.new")}
      okText={t("edges.token")}
      cancelText={t("common.cancel")}
      confirmLoading={make.isPending}
      onCancel={onEnd}
      onOk={() => void form.validateFields().then((f) => make.mutate(f))}
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ id: known.id, name: known.name, url: location.origin }}
      >
        <Form.Item
          name="id"
          label={t("edges.id")}
          extra={t("edges.idHelp")}
          rules={[{ required: true, message: t("login.required") }]}
        >
          <Input disabled={known.id !== ""} autoFocus maxLength={48} placeholder="edge-b05" />
        </Form.Item>
        <Form.Item name="name" label={t("edges.name")} hidden={known.id !== ""}>
          <Input maxLength={40} placeholder={t("edges.nameExample")} />
        </Form.Item>
        <Form.Item
          name="url"
          label={t("edges.url")}
          extra={t("edges.urlHelp")}
          rules={[{ required: true, message: t("login.required") }]}
        >
          <Input maxLength={300} />
        </Form.Item>
      </Form>
      {make.error && (
        <p role="alert" className="wrong">
          {words(make.error)}
        </p>
      )}
    </Modal>
  );
}

function Made({ made, onEnd }: { made: NewToken; onEnd: () => void }) {
  const { t } = useTranslation();
  const edge = useFleet().data?.edges.find((e) => e.id === made.token.edge);
  const here = edge?.state === "online";
  return (
    <Modal
      open
      width={640}
      title={t("edges.tokenFor", { edge: made.token.edge })}
      closable={false}
      mask={{ closable: false }}
      footer={
        <Button type="primary" onClick={onEnd}>
          {t("edges.done")}
        </Button>
      }
    >
      <ol className="steps">
        <li>
          {t("edges.step1")}
          <Typography.Paragraph className="word" copyable id="token">
            {made.word}
          </Typography.Paragraph>
          <small className="quiet">{t("edges.once", { at: dateTime(made.token.expires_at) })}</small>
        </li>
        <li>
          {t("edges.step2")}
          <Typography.Paragraph className="word" copyable>
            anlan-edge enrol -config /etc/anlan/edge.yaml
          </Typography.Paragraph>
        </li>
        <li>
          {t("edges.step3")}
          <p role="status" className={here ? "arrived" : "quiet"}>
            {here ? t("edges.arrived") : t("edges.waiting")}
          </p>
        </li>
      </ol>
    </Modal>
  );
}
