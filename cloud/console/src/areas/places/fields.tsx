import { Button, Form, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import { say } from "../../i18n";
import { floorName } from "../../parts/format";
import { useSession } from "../../parts/session";
import type { Tree } from "./api";

/** NameFields are the two names of a place. */
export function NameFields({ needed = true }: { needed?: boolean }) {
  const { t } = useTranslation();
  return (
    <div className="places-two">
      <Form.Item name={["name", "zh"]} label={t("places.tree.zh")} rules={[{ required: needed }]}>
        <Input maxLength={40} />
      </Form.Item>
      <Form.Item name={["name", "en"]} label={t("places.tree.en")}>
        <Input maxLength={80} />
      </Form.Item>
    </div>
  );
}

export function OrderField() {
  const { t } = useTranslation();
  return (
    <Form.Item name="pos" label={t("places.tree.order")}>
      <InputNumber precision={0} />
    </Form.Item>
  );
}

/** Zones offers the time zones the browser knows. */
export function ZoneField() {
  const { t } = useTranslation();
  return (
    <Form.Item name="time_zone" label={t("places.tree.timeZone")} rules={[{ required: true }]}>
      <Select
        showSearch
        options={[...new Set(["Asia/Shanghai", ...Intl.supportedValuesOf("timeZone")])].map((value) => ({
          value,
        }))}
      />
    </Form.Item>
  );
}

/** SpotFields choose a place from the building down; each choice limits the next. */
export function SpotFields({ tree, zone = true }: { tree: Tree; zone?: boolean }) {
  const { t } = useTranslation();
  const form = Form.useFormInstance();
  const building = Form.useWatch(["spot", "building"], form) as string | undefined;
  const floor = Form.useWatch(["spot", "floor"], form) as number | undefined;
  const entrance = Form.useWatch(["spot", "unit_entrance"], form) as string | undefined;
  const names = new Map(tree.communities.map((c) => [c.id, say(c.name)]));
  const reset = (...fields: string[]) => fields.forEach((f) => form.setFieldValue(["spot", f], undefined));
  const floors = tree.floors
    .filter((f) => f.building === building && !f.archived)
    .sort((a, b) => b.pos - a.pos);
  const entrances = tree.entrances.filter((e) => e.building === building && !e.archived);
  const rooms = tree.rooms.filter(
    (r) =>
      r.building === building &&
      r.floor === floor &&
      !r.archived &&
      (!entrance || !r.unit_entrance || r.unit_entrance === entrance),
  );
  return (
    <div className="places-two">
      <Form.Item name={["spot", "building"]} label={t("places.tree.building")} rules={[{ required: true }]}>
        <Select
          showSearch
          optionFilterProp="label"
          onChange={() => reset("floor", "unit_entrance", "room")}
          options={tree.buildings
            .filter((b) => !b.archived)
            .map((b) => ({
              value: b.id,
              label: names.size > 1 ? `${names.get(b.community) ?? ""} · ${say(b.name)}` : say(b.name),
            }))}
        />
      </Form.Item>
      <Form.Item name={["spot", "floor"]} label={t("places.tree.floor")}>
        <Select
          allowClear
          showSearch
          optionFilterProp="label"
          placeholder={t("places.tree.wholeBuilding")}
          onChange={() => reset("room")}
          options={floors.map((f) => ({
            value: f.number,
            label: f.name.zh ? say(f.name) : floorName(f.number),
          }))}
        />
      </Form.Item>
      <Form.Item name={["spot", "unit_entrance"]} label={t("places.tree.entrance")}>
        <Select
          allowClear
          onChange={() => reset("room")}
          options={entrances.map((e) => ({
            value: e.id,
            label: e.name.zh ? say(e.name) : t("places.entrance", { n: e.id }),
          }))}
        />
      </Form.Item>
      <Form.Item name={["spot", "room"]} label={t("places.tree.room")}>
        <Select
          allowClear
          showSearch
          optionFilterProp="label"
          disabled={floor === undefined}
          onChange={(id) => {
            const r = rooms.find((x) => x.id === id);
            if (r?.unit_entrance) form.setFieldValue(["spot", "unit_entrance"], r.unit_entrance);
          }}
          options={rooms.map((r) => ({ value: r.id, label: say(r.name) }))}
        />
      </Form.Item>
      {zone && (
        <Form.Item name={["spot", "zone"]} label={t("places.tree.zone")}>
          <Input maxLength={48} />
        </Form.Item>
      )}
    </div>
  );
}

/** HelpFields are whom to call and which cameras to look at. */
export function HelpFields() {
  const { t } = useTranslation();
  const writable = useSession().may("fleet.edit");
  return (
    <>
      <h3>{t("places.tree.contacts")}</h3>
      <Form.List name="contacts">
        {(rows, { add, remove, move }) => (
          <div className="places-rows">
            {rows.map(({ key, name }) => (
              <div key={key} className="places-row">
                <Form.Item name={[name, "name"]} rules={[{ required: true }]} noStyle>
                  <Input placeholder={t("places.tree.contactName")} maxLength={40} />
                </Form.Item>
                <Form.Item name={[name, "phone"]} rules={[{ required: true }]} noStyle>
                  <Input placeholder={t("places.tree.phone")} maxLength={24} type="tel" />
                </Form.Item>
                <Form.Item name={[name, "hours"]} noStyle>
                  <Input placeholder={t("places.tree.hours")} maxLength={40} />
                </Form.Item>
                {writable && (
                  <>
                    <Button
                      disabled={name === 0}
                      aria-label={t("places.tree.up")}
                      onClick={() => move(name, name - 1)}
                    >
                      ↑
                    </Button>
                    <Button aria-label={t("places.tree.remove")} onClick={() => remove(name)}>
                      ×
                    </Button>
                  </>
                )}
              </div>
            ))}
            {writable && (
              <Button type="dashed" onClick={() => add({ name: "", phone: "" })}>
                {t("places.tree.addContact")}
              </Button>
            )}
          </div>
        )}
      </Form.List>
      <h3>{t("places.tree.cameras")}</h3>
      <Form.List name="cameras">
        {(rows, { add, remove }) => (
          <div className="places-rows">
            {rows.map(({ key, name }) => (
              <div key={key} className="places-row camera">
                <Form.Item name={[name, "name"]} rules={[{ required: true }]} noStyle>
                  <Input placeholder={t("places.tree.cameraName")} maxLength={60} />
                </Form.Item>
                <Form.Item name={[name, "url"]} rules={[{ required: true }]} noStyle>
                  <Input placeholder="https:// rtsp://" maxLength={400} />
                </Form.Item>
                {writable && (
                  <Button aria-label={t("places.tree.remove")} onClick={() => remove(name)}>
                    ×
                  </Button>
                )}
              </div>
            ))}
            {writable && (
              <Button type="dashed" onClick={() => add({ name: "", url: "" })}>
                {t("places.tree.addCamera")}
              </Button>
            )}
          </div>
        )}
      </Form.List>
    </>
  );
}
