import { App, Button, Form, Input, Select } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Text } from "../../api/types";
import { say } from "../../i18n";
import { dateTime, floorName, placeName } from "../../parts/format";
import { useSession } from "../../parts/session";
import { Empty } from "../../parts/states";
import {
  type Building,
  type Community,
  type DeviceRow,
  type Floor,
  sameText,
  type Spot,
  type Tree,
} from "./api";
import { type DeviceFields, fieldsOf, save, spotOf, useEdit } from "./edit";
import { HelpFields, NameFields, OrderField, SpotFields, ZoneField } from "./fields";

interface Props {
  at: string;
  tree: Tree;
  devices: DeviceRow[];
  add: (what: string) => void;
  gone: () => void;
}

/** Detail shows one place or device and lets it be changed. */
export function Detail(props: Props) {
  const { at, tree } = props;
  const { t } = useTranslation();
  switch (at[0]) {
    case "c": {
      const c = tree.communities.find((x) => `c:${x.id}` === at);
      if (c) return <CommunityDetail {...props} c={c} />;
      break;
    }
    case "b": {
      const b = tree.buildings.find((x) => `b:${x.id}` === at);
      if (b) return <BuildingDetail {...props} b={b} />;
      break;
    }
    case "e": {
      const e = tree.entrances.find((x) => `e:${x.building}/${x.id}` === at);
      if (e)
        return (
          <Sheet
            {...props}
            kind="entrance"
            title={say(e.name) || t("places.entrance", { n: e.id })}
            row={e}
            save={save.entrance}
          >
            <NameFields needed={false} />
            <OrderField />
          </Sheet>
        );
      break;
    }
    case "f": {
      const f = tree.floors.find((x) => `f:${x.building}/${x.number}` === at);
      if (f) return <FloorDetail {...props} f={f} />;
      break;
    }
    case "r": {
      const r = tree.rooms.find((x) => `r:${x.id}` === at);
      if (r)
        return (
          <Sheet {...props} kind="room" title={say(r.name)} row={r} save={save.room}>
            <NameFields />
            <RoomFields tree={tree} building={r.building} />
            <OrderField />
            {r.reported && r.reported.name !== r.name.zh && (
              <p className="quiet">{t("places.tree.reported", { value: r.reported.name })}</p>
            )}
          </Sheet>
        );
      break;
    }
    case "d": {
      const d = props.devices.find((x) => `d:${x.edge}/${x.id}` === at);
      if (d) return <DeviceDetail {...props} d={d} />;
    }
  }
  return <Empty>{t("places.tree.choose")}</Empty>;
}

interface Row {
  version: number;
  archived?: boolean;
  changed_by?: string;
  changed_at?: string;
}

/** Sheet is the form of one row: save with undo, remove, restore, who changed it last. */
function Sheet<T extends Row>(
  props: Props & {
    kind: string;
    title: string;
    row: T;
    save: (row: T) => Promise<{ version: number }>;
    verbs?: ReactNode;
    children: ReactNode;
    removable?: boolean;
  },
) {
  const { row, kind, title } = props;
  const { t } = useTranslation();
  const { may } = useSession();
  const { modal } = App.useApp();
  const edit = useEdit();
  const writable = may("fleet.edit") && !row.archived;
  const submit = (v: Partial<T>) =>
    edit.run(
      () => props.save({ ...row, ...v }),
      undefined,
      (done) => props.save({ ...row, version: done.version }),
    );
  const remove = async () => {
    const sure = await modal.confirm({
      title: t("places.tree.removeAsk", { name: title }),
      okButtonProps: { danger: true },
    });
    if (sure && (await edit.remove(props.at, row.version))) props.gone();
  };
  return (
    <Form<T>
      key={row.version}
      layout="vertical"
      disabled={!writable}
      initialValues={row}
      onFinish={(v) => void submit(v)}
    >
      <header className="places-head">
        <div>
          <small className="quiet">{t(`places.kind.${kind}`)}</small>
          <h2>
            {title} {row.archived && <em className="tag">{t("places.tree.isArchived")}</em>}
          </h2>
        </div>
        <div className="places-verbs">{props.verbs}</div>
      </header>
      {props.children}
      {may("fleet.edit") && (
        <div className="places-verbs">
          {row.archived ? (
            <Button disabled={false} onClick={() => void edit.restore(props.at, row.version)}>
              {t("places.tree.restore")}
            </Button>
          ) : (
            <>
              <Button type="primary" htmlType="submit" id="save">
                {t("places.tree.save")}
              </Button>
              {props.removable !== false && (
                <Button danger id="remove" onClick={() => void remove()}>
                  {t("places.tree.remove")}
                </Button>
              )}
            </>
          )}
        </div>
      )}
      {row.changed_by && row.changed_at && (
        <p className="quiet">
          {t("places.tree.changed", { name: row.changed_by, at: dateTime(row.changed_at) })}
        </p>
      )}
    </Form>
  );
}

/** Said shows what the edge reports where people have written something else, and lets it be taken over. */
function Said(props: { at: string; field: string; value: string; version: number }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const edit = useEdit();
  return (
    <p className="reported" data-reported={props.field}>
      {t("places.tree.reported", { value: props.value })}
      {may("fleet.edit") && (
        <Button
          type="link"
          size="small"
          onClick={() => void edit.takeOver(props.at, props.field, props.version)}
        >
          {t("places.tree.takeOver")}
        </Button>
      )}
    </p>
  );
}

function CommunityDetail(props: Props & { c: Community }) {
  const { c, at } = props;
  const { me } = useSession();
  const rep = c.reported;
  const whole = me.reach["fleet.edit"]?.all === true;
  return (
    <Sheet
      {...props}
      kind="community"
      title={say(c.name)}
      row={c}
      save={save.community}
      verbs={whole && <Add what="building" add={props.add} />}
    >
      <NameFields />
      {rep && !sameText(rep.name, c.name) && (
        <Said at={at} field="name" value={say(rep.name)} version={c.version} />
      )}
      <ZoneField />
      {rep?.time_zone && rep.time_zone !== c.time_zone && (
        <Said at={at} field="time_zone" value={rep.time_zone} version={c.version} />
      )}
      <AddressField />
      <OrderField />
    </Sheet>
  );
}

function AddressField() {
  const { t } = useTranslation();
  return (
    <Form.Item name="address" label={t("places.tree.address")}>
      <Input maxLength={200} />
    </Form.Item>
  );
}

function BuildingDetail(props: Props & { b: Building }) {
  const { b, at, tree } = props;
  const { t } = useTranslation();
  const rep = b.reported;
  const edited = b.edited ?? [];
  const list = (floors: number[] | null | undefined) => (floors ?? []).map(floorName).join(" ");
  return (
    <Sheet
      {...props}
      kind="building"
      title={say(b.name)}
      row={b}
      save={save.building}
      verbs={
        <>
          <Add what="floors" add={props.add} />
          <Add what="entrance" add={props.add} />
          <Add what="device" add={props.add} />
        </>
      }
    >
      <NameFields />
      {rep && !sameText(rep.name, b.name) && (
        <Said at={at} field="name" value={say(rep.name)} version={b.version} />
      )}
      <div className="places-two">
        <Form.Item name="community" label={t("places.tree.community")}>
          <Select
            options={tree.communities
              .filter((c) => !c.archived)
              .map((c) => ({ value: c.id, label: say(c.name) }))}
          />
        </Form.Item>
        <OrderField />
      </div>
      {edited.includes("community") && rep?.community && (
        <Said at={at} field="community" value={rep.community} version={b.version} />
      )}
      {edited.includes("floors") && (
        <Said at={at} field="floors" value={list(rep?.floors)} version={b.version} />
      )}
      {edited.includes("unit_entrances") && (
        <Said
          at={at}
          field="unit_entrances"
          value={(rep?.unit_entrances ?? []).join(" ") || "—"}
          version={b.version}
        />
      )}
      <AddressField />
      <HelpFields />
    </Sheet>
  );
}

function FloorDetail(props: Props & { f: Floor }) {
  const { f } = props;
  const { t } = useTranslation();
  return (
    <Sheet
      {...props}
      kind="floor"
      title={say(f.name) || floorName(f.number)}
      row={f}
      save={save.floor}
      verbs={
        <>
          <Link className="ant-btn-link" to={`/places/plans?building=${f.building}&floor=${f.number}`}>
            {t("places.tree.openPlan")}
          </Link>
          <Add what="room" add={props.add} />
          <Add what="device" add={props.add} />
        </>
      }
    >
      <NameFields needed={false} />
      <OrderField />
      <HelpFields />
    </Sheet>
  );
}

function RoomFields({ tree, building }: { tree: Tree; building: string }) {
  const { t } = useTranslation();
  return (
    <div className="places-two">
      <Form.Item name="floor" label={t("places.tree.floor")} rules={[{ required: true }]}>
        <Select
          options={tree.floors
            .filter((f) => f.building === building && !f.archived)
            .sort((a, b) => b.pos - a.pos)
            .map((f) => ({ value: f.number, label: f.name.zh ? say(f.name) : floorName(f.number) }))}
        />
      </Form.Item>
      <Form.Item name="unit_entrance" label={t("places.tree.entrance")}>
        <Select
          allowClear
          options={tree.entrances
            .filter((e) => e.building === building && !e.archived)
            .map((e) => ({ value: e.id, label: t("places.entrance", { n: e.id }) }))}
        />
      </Form.Item>
    </div>
  );
}

type DeviceRowForm = DeviceFields & Row & { name: Text; spot: Spot };

function DeviceDetail(props: Props & { d: DeviceRow }) {
  const { d, at, tree } = props;
  const { t } = useTranslation();
  const rep = d.reported;
  const before = fieldsOf(d);
  const row: DeviceRowForm = {
    ...before,
    name: d.name,
    spot: spotOf(d),
    ...(d.changed_by ? { changed_by: d.changed_by } : {}),
    ...(d.changed_at ? { changed_at: d.changed_at } : {}),
  };
  // Only what differs from the edge's words becomes the people's.
  const write = (r: DeviceRowForm) => {
    const moved = d.moved || JSON.stringify(clean(r.spot)) !== JSON.stringify(clean(spotOf(d)));
    const { name, spot, ...rest } = r;
    return save.device({
      ...rest,
      ...(d.renamed || !sameText(name, d.name) ? { name } : {}),
      ...(moved ? { spot: clean(spot) } : {}),
    });
  };
  const place = placeName(rep?.place, tree.buildings.find((b) => b.id === rep?.place.building)?.name);
  return (
    <Sheet
      {...props}
      kind="device"
      title={say(d.name)}
      row={row}
      save={write}
      removable={!rep}
      verbs={<Link to={`/fleet?tab=devices&device=${d.edge}/${d.id}`}>{t("places.tree.openDevice")}</Link>}
    >
      <p className="quiet">
        {d.edge} / {d.id} {d.model && `· ${d.model}`} · {t(`places.fleet.states.${d.state}`)}
      </p>
      <NameFields />
      {rep && d.renamed && <Said at={at} field="name" value={say(rep.name)} version={d.version} />}
      <SpotFields tree={tree} />
      {rep && d.moved && <Said at={at} field="place" value={place} version={d.version} />}
      {!rep && (
        <Form.Item name="model" label={t("places.tree.model")}>
          <Input maxLength={80} />
        </Form.Item>
      )}
      <Form.Item name="note" label={t("places.tree.note")}>
        <Input maxLength={400} />
      </Form.Item>
    </Sheet>
  );
}

function clean(s: Spot): Spot {
  return {
    building: s.building,
    ...(s.floor ? { floor: s.floor } : {}),
    ...(s.unit_entrance ? { unit_entrance: s.unit_entrance } : {}),
    ...(s.room ? { room: s.room } : {}),
    ...(s.zone ? { zone: s.zone.trim() } : {}),
  };
}

/** Add is a verb only those have who may use it. */
function Add({
  what,
  add,
}: {
  what: "building" | "floors" | "entrance" | "device" | "room";
  add: (what: string) => void;
}) {
  const { t } = useTranslation();
  if (!useSession().may("fleet.edit")) return null;
  const words = {
    building: "Building",
    floors: "Floors",
    entrance: "Entrance",
    device: "Device",
    room: "Room",
  };
  return <Button onClick={() => add(what)}>{t(`places.tree.add${words[what]}`)}</Button>;
}
