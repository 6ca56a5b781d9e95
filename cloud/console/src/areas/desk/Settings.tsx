import { App, Button, Form, Input, Select } from "antd";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Problem, request } from "../../api/client";
import { deskKeys, type DeskSetting, useDeskSetting } from "../../api/desk";
import { useOverview } from "../../api/queries";
import { say } from "../../i18n";
import { Page } from "../../parts/Page";
import { Loaded, useProblemText } from "../../parts/states";

/** Settings says whom the desk calls, also when the server is out of reach. */
export function Settings() {
  const { t } = useTranslation();
  return (
    <Page title={t("desk.settings.title")} about={t("desk.settings.about")}>
      <Loaded query={useDeskSetting()}>{(d) => <Editor setting={d} />}</Loaded>
    </Page>
  );
}

/** pathOf turns "body.contacts[0].phone" into the name of a form field. */
const pathOf = (location = "") =>
  location
    .replace(/^body\./, "")
    .split(/[.[\]]+/)
    .filter(Boolean)
    .map((p) => (/^\d+$/.test(p) ? Number(p) : p));

function Editor({ setting }: { setting: DeskSetting }) {
  const { t } = useTranslation();
  const [form] = Form.useForm<DeskSetting>();
  const cache = useQueryClient();
  const { message } = App.useApp();
  const text = useProblemText();
  const buildings = useOverview().data?.buildings ?? [];
  const save = useMutation({
    mutationFn: (v: DeskSetting) =>
      request<DeskSetting>("PUT", "/api/desk", {
        data_centre_phone: v.data_centre_phone ?? "",
        contacts: (v.contacts ?? []).map((c) => ({
          name: { zh: c.name?.zh ?? "", en: c.name?.en ?? "" },
          phone: c.phone ?? "",
          building: c.building ?? "",
        })),
      }),
    onSuccess: (d) => {
      cache.setQueryData(deskKeys.setting, d);
      void message.success(t("desk.settings.saved"));
    },
    onError: (e) => {
      const at = e instanceof Problem ? e.errors.filter((x) => x.location) : [];
      if (at.length === 0) void message.error(text(e), 6);
      else
        form.setFields(
          at.map((x) => ({ name: pathOf(x.location) as ["data_centre_phone"], errors: [x.message ?? ""] })),
        );
    },
  });
  return (
    <Form
      form={form}
      layout="vertical"
      initialValues={setting}
      onFinish={(v) => save.mutate(v)}
      style={{ maxWidth: 860 }}
    >
      <Form.Item name="data_centre_phone" label={t("desk.settings.dataCentre")}>
        <Input inputMode="tel" maxLength={30} id="data-centre" />
      </Form.Item>
      <h2>{t("desk.settings.contacts")}</h2>
      <Form.List name="contacts">
        {(fields, { add, remove }) => (
          <>
            {fields.length === 0 && <p className="quiet">{t("desk.noContacts")}</p>}
            {fields.map((f) => (
              <div
                key={f.key}
                style={{ display: "grid", gridTemplateColumns: "1fr 1fr 1fr 1fr max-content", gap: 12 }}
              >
                <Form.Item name={[f.name, "name", "zh"]} label={t("desk.settings.nameZh")}>
                  <Input maxLength={40} />
                </Form.Item>
                <Form.Item name={[f.name, "name", "en"]} label={t("desk.settings.nameEn")}>
                  <Input maxLength={40} />
                </Form.Item>
                <Form.Item name={[f.name, "phone"]} label={t("desk.settings.phone")}>
                  <Input inputMode="tel" maxLength={30} />
                </Form.Item>
                <Form.Item name={[f.name, "building"]} label={t("desk.settings.building")}>
                  <Select
                    options={[
                      { value: "", label: t("desk.settings.everywhere") },
                      ...buildings.map((b) => ({ value: b.id, label: say(b.name) })),
                    ]}
                  />
                </Form.Item>
                <Form.Item label=" ">
                  <Button onClick={() => remove(f.name)}>{t("desk.settings.remove")}</Button>
                </Form.Item>
              </div>
            ))}
            <Button onClick={() => add({ name: { zh: "", en: "" }, phone: "", building: "" })}>
              ＋ {t("desk.settings.add")}
            </Button>
          </>
        )}
      </Form.List>
      <p className="buttons" style={{ marginTop: 20 }}>
        <Button type="primary" size="large" htmlType="submit" loading={save.isPending}>
          {t("desk.settings.save")}
        </Button>
      </p>
    </Form>
  );
}
