import { App, Button, Checkbox, Input, type InputRef, Tree } from "antd";
import { type DragEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { say } from "../../i18n";
import { floorName } from "../../parts/format";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Empty, Loaded } from "../../parts/states";
import { type DeviceRow, type Tree as Places, useDevices, useTree } from "./api";
import { Detail } from "./Detail";
import { fieldsOf, save, spotOf, useEdit } from "./edit";
import { NewNode } from "./NewNode";
import { found, keysOf, type Node, nodesOf, wayTo } from "./nodes";
import "./places.css";

/** Places is the tree of places and devices, edited in place. */
export function Places() {
  const { t } = useTranslation();
  const { me, may } = useSession();
  const tree = useTree();
  const devices = useDevices();
  const [params, setParams] = useSearchParams();
  const chosen = params.get("node") ?? "";
  const adding = params.get("add") ?? "";
  const go = (next: Record<string, string>) =>
    setParams(
      (old) => {
        const p = new URLSearchParams(old);
        for (const [k, v] of Object.entries({ add: "", ...next })) v ? p.set(k, v) : p.delete(k);
        return p;
      },
      { replace: true },
    );
  const everywhere = me.reach["fleet.edit"]?.all === true && may("fleet.edit");
  return (
    <Page
      title={t("places.tree.title")}
      about={may("fleet.edit") ? t("places.tree.about") : t("places.tree.readOnly")}
      verbs={
        everywhere && (
          <Button type="primary" id="add-community" onClick={() => go({ node: "", add: "community" })}>
            {t("places.tree.addCommunity")}
          </Button>
        )
      }
    >
      <Loaded query={tree} lines={10}>
        {(all) => (
          <div className="places-split">
            <section className="places-box">
              <PlaceTree
                tree={all}
                devices={devices.data?.items ?? []}
                chosen={chosen}
                q={params.get("q") ?? ""}
                archived={params.get("archived") === "1"}
                go={go}
              />
            </section>
            <section className="places-box" id="place-detail">
              {adding ? (
                <NewNode
                  key={`${adding} ${chosen}`}
                  what={adding}
                  under={chosen}
                  tree={all}
                  done={(node) => go({ node })}
                />
              ) : chosen ? (
                <Detail
                  key={chosen}
                  at={chosen}
                  tree={all}
                  devices={devices.data?.items ?? []}
                  add={(what) => go({ add: what })}
                  gone={() => go({ node: "" })}
                />
              ) : (
                <Empty>{t(all.communities.length > 0 ? "places.tree.choose" : "places.tree.empty")}</Empty>
              )}
            </section>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function PlaceTree(props: {
  tree: Places;
  devices: DeviceRow[];
  chosen: string;
  q: string;
  archived: boolean;
  go: (next: Record<string, string>) => void;
}) {
  const { tree, devices, chosen, q } = props;
  const { t, i18n } = useTranslation();
  const { may } = useSession();
  const search = useRef<InputRef>(null);
  const nodes = useMemo(
    () =>
      nodesOf(tree, devices, props.archived, {
        floor: floorName,
        entrance: (n) => t("places.entrance", { n }),
        noFloor: t("places.tree.noPlace"),
      }),
    // the language changes the words
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [tree, devices, props.archived, i18n.language],
  );
  const shown = useMemo(() => found(nodes, q), [nodes, q]);
  const [open, setOpen] = useState<string[]>(() => {
    const few = nodes.length === 1 && nodes[0]!.children.length <= 3;
    return [...nodes.flatMap((n) => [n.key, ...(few ? n.children.map((c) => c.key) : [])])];
  });
  // Only a new choice opens what is above it; a device's way is known once the devices are here.
  const ledTo = useRef("");
  useEffect(() => {
    const way = wayTo(nodes, chosen);
    if (way.length === 0 || ledTo.current === chosen) return;
    ledTo.current = chosen;
    setOpen((o) => (way.every((k) => o.includes(k)) ? o : [...new Set([...o, ...way])]));
  }, [chosen, nodes]);
  const move = useMove(tree, devices, nodes);
  return (
    <>
      <div className="places-tools">
        <Input
          ref={search}
          allowClear
          id="place-search"
          value={q}
          placeholder={t("places.tree.search")}
          aria-label={t("places.tree.search")}
          onChange={(e) => props.go({ q: e.target.value, node: chosen })}
        />
        <Checkbox
          checked={props.archived}
          onChange={(e) => props.go({ archived: e.target.checked ? "1" : "", node: chosen })}
        >
          {t("places.tree.archived")}
        </Checkbox>
      </div>
      {shown.length === 0 && <Empty>{q ? t("places.tree.noMatch", { q }) : t("places.tree.empty")}</Empty>}
      <div
        onKeyDown={(e) => {
          if (e.key === "F2")
            document.querySelector<HTMLInputElement>("#place-detail input[id$=zh]")?.focus();
        }}
      >
        <Tree<Node>
          blockNode
          virtual
          height={Math.max(360, innerHeight - 330)}
          itemHeight={34}
          fieldNames={{ key: "key", title: "id", children: "children" }}
          treeData={shown}
          expandedKeys={q ? keysOf(shown) : open}
          onExpand={(keys) => setOpen(keys.map(String))}
          selectedKeys={chosen ? [chosen] : []}
          onSelect={(keys) => props.go({ node: String(keys[0] ?? "") })}
          titleRender={(n) => <Title node={n} move={may("fleet.edit") ? move : undefined} />}
        />
      </div>
      <p className="quiet places-keys">{may("fleet.edit") && t("places.tree.keys")}</p>
    </>
  );
}

const signs: Record<string, string> = { alarm: "◆", fault: "▲", unknown: "?", planned: "◌" };

const dragged = "application/x-anlan-place";

/** Title is a line of the tree. What is dropped on it goes there: the line under the pointer counts, not the gap between two. */
function Title({
  node: n,
  move,
}: {
  node: Node;
  move: ((key: string, to: string) => Promise<void>) | undefined;
}) {
  const { t } = useTranslation();
  const [over, setOver] = useState(false);
  const device = n.key.startsWith("d:");
  // While something is over it, a page may know what kinds it has, not what it is: the kind is in the type's name.
  const takes = (e: DragEvent) =>
    (["d", "r"] as const).some(
      (k) => e.dataTransfer.types.includes(`${dragged}-${k}`) && fits(`${k}:`, n.key),
    );
  return (
    <span
      draggable={move !== undefined && /^[rd]:/.test(n.key)}
      onDragStart={(e) => e.dataTransfer.setData(`${dragged}-${n.key[0]}`, n.key)}
      onDragOver={(e) => {
        if (!move || !takes(e)) return;
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => {
        e.preventDefault();
        setOver(false);
        const key = e.dataTransfer.getData(`${dragged}-d`) || e.dataTransfer.getData(`${dragged}-r`);
        if (key && move) void move(key, n.key);
      }}
      className={`place-node ${n.archived ? "archived" : ""} ${over ? "over" : ""}`}
      data-node={n.key}
    >
      {device && (
        <i className={`sign ${n.state}`} aria-label={t(`places.fleet.states.${n.state ?? "unknown"}`)}>
          {signs[n.state ?? ""] ?? "●"}
        </i>
      )}
      {say(n.name)}
      {n.planned && <em className="tag">{t("places.tree.planned")}</em>}
      {n.archived && <em className="tag">{t("places.tree.isArchived")}</em>}
      {!device && n.devices > 0 && <small className="quiet">{n.devices}</small>}
      {(/^[cb]:/.test(n.key) || device) && <small className="quiet id">{n.id}</small>}
    </span>
  );
}

/** fits says what may stand under what. */
export function fits(key: string, under: string): boolean {
  if (key.startsWith("d:")) return /^[rfb]:/.test(under);
  return key.startsWith("r:") && under.startsWith("f:");
}

/** useMove puts a device or a room elsewhere; it can be undone. */
function useMove(tree: Places, devices: DeviceRow[], nodes: Node[]) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const edit = useEdit();
  const nameOf = (key: string) => {
    const look = (list: Node[]): Node | undefined => {
      for (const n of list) {
        const hit = n.key === key ? n : look(n.children);
        if (hit) return hit;
      }
      return undefined;
    };
    return say(look(nodes)?.name);
  };
  return async (key: string, to: string) => {
    if (!fits(key, to)) return;
    const said = t("places.tree.moved", { name: nameOf(key), to: nameOf(to) });
    if (key.startsWith("r:")) {
      const room = tree.rooms.find((r) => `r:${r.id}` === key);
      const [building = "", floor = ""] = to.slice(2).split("/");
      if (!room) return;
      if (room.building !== building) return void message.error(t("places.tree.room"));
      await edit.run(
        () => save.room({ ...room, floor: Number(floor) }),
        said,
        (done) => save.room({ ...room, version: done.version }),
      );
      return;
    }
    const device = devices.find((d) => `d:${d.edge}/${d.id}` === key);
    if (!device) return;
    const before = fieldsOf(device);
    await edit.run(
      () => save.device({ ...before, spot: spotAt(tree, to, spotOf(device).zone) }),
      said,
      (done) => save.device({ ...before, version: done.version }),
    );
  };
}

/** spotAt is the place a node of the tree stands for. */
export function spotAt(tree: Places, key: string, zone?: string) {
  const keep = zone ? { zone } : {};
  if (key.startsWith("r:")) {
    const r = tree.rooms.find((x) => `r:${x.id}` === key);
    if (r)
      return {
        building: r.building,
        floor: r.floor,
        room: r.id,
        ...(r.unit_entrance ? { unit_entrance: r.unit_entrance } : {}),
        ...keep,
      };
  }
  const [building = "", floor] = key.slice(2).split("/");
  return { building, ...(key.startsWith("f:") ? { floor: Number(floor) } : {}), ...keep };
}
