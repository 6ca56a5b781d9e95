import { Button, Form, Input, InputNumber } from "antd";
import { useTranslation } from "react-i18next";
import { post } from "../../api/client";
import type { Text } from "../../api/types";
import { floorName } from "../../parts/format";
import type { Spot, Tree } from "./api";
import { save, useEdit } from "./edit";
import { NameFields, SpotFields, ZoneField } from "./fields";
import { spotAt } from "./Places";

interface Fields {
  id: string;
  name: Text;
  time_zone: string;
  from: number;
  to: number;
  skip: string;
  edge: string;
  model: string;
  spot: Spot;
}

const none = { version: 0, pos: 0, rev: 0 };

/** NewNode makes a place below the chosen one, or a planned device. */
export function NewNode(props: { what: string; under: string; tree: Tree; done: (node: string) => void }) {
  const { what, under, tree } = props;
  const { t } = useTranslation();
  const [form] = Form.useForm<Fields>();
  const edit = useEdit();
  const building = under.slice(2).split("/")[0] ?? "";
  const make = async (v: Fields) => {
    let node = "";
    const ok = await edit.run(async () => {
      node = await made(what, under, building, v);
    });
    if (ok) props.done(node);
  };
  const edges = tree.buildings.flatMap((b) => (b.reported?.edge ? [b.reported.edge] : []));
  return (
    <Form<Fields>
      form={form}
      layout="vertical"
      initialValues={{
        time_zone: "Asia/Shanghai",
        from: 1,
        to: 12,
        skip: "",
        edge: edges[0],
        spot: /^[bfr]:/.test(under) ? spotAt(tree, under) : undefined,
      }}
      onFinish={(v) => void make(v)}
    >
      <h2>{t(`places.tree.add${what[0]!.toUpperCase()}${what.slice(1)}`)}</h2>
      {(what === "community" || what === "building" || what === "entrance") && (
        <Form.Item
          name="id"
          label={what === "entrance" ? t("places.tree.entrance") : t("places.tree.id")}
          extra={what !== "entrance" && t("places.tree.idHint")}
          rules={[{ required: true, ...(what === "entrance" ? {} : { pattern: /^[a-z][a-z0-9-]{0,47}$/ }) }]}
        >
          <Input maxLength={48} autoFocus />
        </Form.Item>
      )}
      {what === "device" && (
        <div className="places-two">
          <Form.Item
            name="edge"
            label={t("fleet.columns.edge")}
            rules={[{ required: true, pattern: /^[a-z][a-z0-9_-]*$/ }]}
          >
            <Input maxLength={48} />
          </Form.Item>
          <Form.Item
            name="id"
            label={t("places.tree.id")}
            rules={[{ required: true, pattern: /^[a-z][a-z0-9_-]*$/ }]}
          >
            <Input maxLength={48} autoFocus />
          </Form.Item>
        </div>
      )}
      {what !== "floors" && <NameFields needed={what !== "entrance"} />}
      {what === "community" && <ZoneField />}
      {what === "floors" && <FloorFields />}
      {what === "device" && (
        <>
          <Form.Item name="model" label={t("places.tree.model")}>
            <Input maxLength={80} />
          </Form.Item>
          <SpotFields tree={tree} />
        </>
      )}
      <div className="places-verbs">
        <Button type="primary" htmlType="submit" id="make">
          {t("places.tree.save")}
        </Button>
        <Button onClick={() => props.done(under)}>{t("common.cancel")}</Button>
      </div>
    </Form>
  );
}

async function made(what: string, under: string, building: string, v: Fields): Promise<string> {
  const name = v.name ?? { zh: "" };
  switch (what) {
    case "community":
      await save.community({ ...none, id: v.id, name, time_zone: v.time_zone });
      return `c:${v.id}`;
    case "building":
      await save.building({ ...none, id: v.id, name, community: under.slice(2), contacts: [], cameras: [] });
      return `b:${v.id}`;
    case "entrance":
      await save.entrance({ ...none, building, id: v.id, name: { ...name, zh: name.zh ?? "" } });
      return `e:${building}/${v.id}`;
    case "floors":
      await post(`/api/places/buildings/${building}/floors`, {
        from: v.from,
        to: v.to,
        skip: numbers(v.skip),
      });
      return under;
    case "room": {
      const floor = Number(under.slice(2).split("/")[1]);
      const made = await save.room({ ...none, id: "", building, floor, name });
      return `r:${made.id}`;
    }
    default:
      await save.device({ edge: v.edge, id: v.id, name, spot: v.spot, model: v.model ?? "", version: 0 });
      return `d:${v.edge}/${v.id}`;
  }
}

/** numbers reads "4, 13、14" as a list. */
export const numbers = (s: string | undefined) => (s?.match(/-?\d+/g) ?? []).map(Number);

function FloorFields() {
  const { t } = useTranslation();
  const form = Form.useFormInstance<Fields>();
  const from = Form.useWatch("from", form) ?? 1;
  const to = Form.useWatch("to", form) ?? 1;
  const skip = numbers(Form.useWatch("skip", form));
  const list = Array.from({ length: Math.min(220, Math.max(0, to - from + 1)) }, (_, i) => from + i).filter(
    (n) => n !== 0 && !skip.includes(n),
  );
  const few =
    list.length > 14
      ? [...list.slice(0, 6).map(floorName), "…", ...list.slice(-6).map(floorName)]
      : list.map(floorName);
  return (
    <>
      <div className="places-two">
        <Form.Item name="from" label={t("places.tree.from")} rules={[{ required: true }]}>
          <InputNumber min={-20} max={200} precision={0} autoFocus />
        </Form.Item>
        <Form.Item name="to" label={t("places.tree.to")} rules={[{ required: true }]}>
          <InputNumber min={-20} max={200} precision={0} />
        </Form.Item>
      </div>
      <Form.Item name="skip" label={t("places.tree.skip")} extra={t("places.tree.skipHint")}>
        <Input maxLength={80} />
      </Form.Item>
      <p className="quiet">{t("places.tree.preview", { n: list.length, list: few.join(" ") })}</p>
    </>
  );
}
