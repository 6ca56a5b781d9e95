import { App, Button, Form, Input, InputNumber, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { Problem } from "../../api/client";
import { dateTime, day } from "../../parts/format";
import { say } from "../../i18n";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Failed, Loading, useProblemText } from "../../parts/states";
import { type Definition, hazards, severities, useAct, useDefinition } from "./api";
import { showProblems } from "./fields";
import "./alarms.css";

/** DefinitionPage writes one definition: a draft is saved at any time, and put in force when it is complete. */
export function DefinitionPage() {
  const { t } = useTranslation();
  const { id = "" } = useParams();
  const versions = useDefinition(id);
  const missing = versions.error instanceof Problem && versions.error.status === 404;
  if (versions.error && !missing)
    return (
      <Page title={id}>
        <Failed error={versions.error} retry={() => void versions.refetch()} />
      </Page>
    );
  if (!versions.data && !missing)
    return (
      <Page title={id}>
        <Loading lines={12} />
      </Page>
    );
  const list = versions.data ?? [];
  const newest = list[0];
  return (
    <Page
      title={newest ? say(newest.title) || id : id}
      about={
        <>
          <Link to="/definitions">{t("alarms.definitions")}</Link> / {id}
        </>
      }
    >
      <div className="definition-page">
        <Editor key={id} id={id} newest={newest} />
        <section className="card">
          <h2>{t("alarms.versions")}</h2>
          {list.length === 0 && <p className="quiet">{t("alarms.noVersion")}</p>}
          <ol className="versions">
            {list.map((v) => (
              <li key={v.version} className={`definition ${v.status}`}>
                <b>v{v.version}</b> {t(`alarms.status.${v.status}`)}
                <br />
                <small className="quiet">
                  {v.shipped ? t("alarms.shipped") : v.by_name} · {day(v.at)} {dateTime(v.at).slice(-8)}
                </small>
              </li>
            ))}
          </ol>
        </section>
      </div>
    </Page>
  );
}

const blank = {
  title: { zh: "", en: "" },
  consequence: { zh: "", en: "" },
  action: { zh: "", en: "" },
  owner: { zh: "", en: "" },
  hazard: "equipment",
  priority: "minor",
  respond_s: 1800,
  latch: false,
  on_delay_s: 0,
  off_delay_s: 0,
  suppressed_by: [],
  note: "",
};

function Editor({ id, newest }: { id: string; newest: Definition | undefined }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const edit = useSession().may("alarm.define");
  const words = useProblemText();
  const [form] = Form.useForm();
  const act = useAct<Definition>();
  const fail = (e: unknown) => showProblems(form, e);
  const save = () =>
    act.mutateAsync({
      method: "PUT",
      path: `/api/alarm-definitions/${id}`,
      body: { ...blank, ...form.getFieldsValue(true), base: newest?.version ?? 0 },
    });
  const turn = (verb: "activate" | "retire", version: number) =>
    act.mutateAsync({ path: `/api/alarm-definitions/${id}/${verb}`, body: { version } });
  const run = (fn: () => Promise<unknown>, done: string) => fn().then(() => void message.success(done), fail);
  const two = (name: string, rows: number) => (
    <div className="pair">
      {(["zh", "en"] as const).map((lang) => (
        <Form.Item
          key={lang}
          name={[name, lang]}
          label={`${t(`alarms.field.${name}`)} · ${t(`alarms.lang.${lang}`)}`}
        >
          <Input.TextArea maxLength={500} autoSize={{ minRows: rows }} />
        </Form.Item>
      ))}
    </div>
  );
  const number = (name: string) => (
    <Form.Item name={name} label={t(`alarms.field.${name}`)}>
      <InputNumber min={0} suffix={t("alarms.secondUnit")} style={{ width: "100%" }} />
    </Form.Item>
  );
  return (
    <Form form={form} layout="vertical" className="card" disabled={!edit} initialValues={valuesOf(newest)}>
      {two("title", 1)}
      <div className="four">
        <Form.Item name="hazard" label={t("alarms.field.hazard")}>
          <Select options={hazards.map((h) => ({ value: h, label: t(`hazard.${h}`) }))} />
        </Form.Item>
        <Form.Item name="priority" label={t("alarms.field.priority")}>
          <Select options={severities.map((s) => ({ value: s, label: t(`severity.${s}`) }))} />
        </Form.Item>
        {number("respond_s")}
        <Form.Item name="latch" label={t("alarms.field.latch")} valuePropName="checked">
          <Switch />
        </Form.Item>
      </div>
      {two("consequence", 2)}
      {two("action", 3)}
      {two("owner", 1)}
      <div className="four">
        {number("on_delay_s")}
        {number("off_delay_s")}
      </div>
      <h3>{t("alarms.field.suppressed_by")}</h3>
      <p className="quiet">{t("alarms.suppressedAbout")}</p>
      <Form.List name="suppressed_by">
        {(fields, { add, remove }) => (
          <>
            {fields.map((f) => (
              <div className="suppression" key={f.key}>
                <Form.Item name={[f.name, "rule"]}>
                  <Input placeholder="bus-down" maxLength={48} />
                </Form.Item>
                <Form.Item name={[f.name, "within"]}>
                  <Select
                    options={["device", "bus", "zone", "building", "edge"].map((w) => ({
                      value: w,
                      label: t(`alarms.within.${w}`),
                    }))}
                  />
                </Form.Item>
                <Button onClick={() => remove(f.name)}>{t("alarms.remove")}</Button>
              </div>
            ))}
            <Button onClick={() => add({ rule: "", within: "edge" })}>{t("alarms.addSuppression")}</Button>
          </>
        )}
      </Form.List>
      <Form.Item name="note" label={t("alarms.field.note")} className="note">
        <Input.TextArea maxLength={2000} autoSize={{ minRows: 2 }} />
      </Form.Item>
      {act.error && (
        <p role="alert" className="wrong">
          {words(act.error)}
        </p>
      )}
      {edit && (
        <div className="verbs">
          <Button loading={act.isPending} onClick={() => void run(save, t("alarms.draftSaved"))}>
            {t("alarms.saveDraft")}
          </Button>
          <Button
            type="primary"
            loading={act.isPending}
            onClick={() =>
              void run(async () => turn("activate", (await save()).version), t("alarms.activated"))
            }
          >
            {t("alarms.activate")}
          </Button>
          {newest?.status === "active" && (
            <Retire onOk={() => run(() => turn("retire", newest.version), t("alarms.done"))} />
          )}
        </div>
      )}
    </Form>
  );
}

/** valuesOf are the fields a person writes, of what the server tells. */
const valuesOf = (d: Definition | undefined) =>
  Object.fromEntries(
    Object.entries(blank).map(([k, none]) => [k, (d as Record<string, unknown> | undefined)?.[k] ?? none]),
  );

function Retire({ onOk }: { onOk: () => Promise<unknown> }) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  return (
    <Button
      danger
      onClick={() =>
        void modal.confirm({
          title: t("alarms.retireTitle"),
          content: t("alarms.retireAbout"),
          okText: t("alarms.retire"),
          okButtonProps: { danger: true },
          cancelText: t("common.cancel"),
          onOk,
        })
      }
    >
      {t("alarms.retire")}
    </Button>
  );
}
