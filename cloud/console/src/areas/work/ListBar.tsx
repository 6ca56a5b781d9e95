import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, Input, Modal, Popconfirm } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { get, post, request } from "../../api/client";
import type { Text } from "../../api/types";
import { ConditionEditor } from "../../cond/ConditionEditor";
import { type Field as CondField, namesOf } from "../../cond/fields";
import { sentence } from "../../cond/sentence";
import type { Expr } from "../../cond/types";
import { language, reworded, say } from "../../i18n";
import { useSession } from "../../parts/session";
import { useProblemText } from "../../parts/states";
import type { Field, FormDef } from "./api";
import type { Listing } from "./listing";
import type { Chart } from "./stats";

interface View {
  id: string;
  name: Text;
  owner: string;
  shared: boolean;
  filter?: Expr | null;
  fields: string[] | null;
  sort?: string;
  chart?: Chart | null;
}

const viewKeys = (form: string) => ["views", form] as const;

/** ListBar is how a list is looked at: saved views, what is in it, which columns. */
export function ListBar({
  form,
  def,
  extra,
  fields,
  listing,
  keys,
  standard,
  may,
  children,
}: {
  form: string;
  def: FormDef;
  extra: Field[];
  fields: CondField[];
  listing: Listing;
  keys: string[];
  standard: string[];
  may: string[];
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState<Expr | null>();
  const [columns, setColumns] = useState(false);
  const [saving, setSaving] = useState(false);
  const views =
    useQuery({
      queryKey: viewKeys(form),
      queryFn: () => get<View[]>(`/api/forms/${form}/views`),
      enabled: may.includes("view"),
    }).data ?? [];
  const current = views.find((v) => v.id === listing.view);
  const open = (v: View | undefined) =>
    listing.set({
      view: v?.id,
      f: v?.filter ? JSON.stringify(v.filter) : undefined,
      fields: v?.fields?.length ? v.fields.join(",") : undefined,
      sort: v?.sort,
      chart: v?.chart ? JSON.stringify(v.chart) : undefined,
      tab: v?.chart ? "stats" : undefined,
      drill: undefined,
      node: undefined,
      handler: undefined,
      _state: undefined,
      level: undefined,
      category: undefined,
    });
  return (
    <>
      {views.length > 0 && (
        <div className="work-views" role="tablist" aria-label={t("lists.view")}>
          <button type="button" role="tab" aria-selected={!current} onClick={() => open(undefined)}>
            {t("lists.all")}
          </button>
          {views.map((v) => (
            <button key={v.id} type="button" role="tab" aria-selected={v === current} onClick={() => open(v)}>
              {say(v.name)}
            </button>
          ))}
        </div>
      )}
      <div className="work-filters">
        {children}
        <Button id="filter-records" onClick={() => setEditing(listing.filter ?? null)}>
          {listing.filter
            ? t("lists.filtered") + sentence(listing.filter, language(), namesOf(fields))
            : t("lists.filter")}
        </Button>
        <Button id="choose-columns" onClick={() => setColumns(true)}>
          {t("lists.columns")}
        </Button>
        {(listing.filter || listing.fields || listing.sort || listing.stats) && may.includes("view") && (
          <Button id="save-view" onClick={() => setSaving(true)}>
            {t("lists.saveView")}
          </Button>
        )}
        {may.includes("delete") && (
          <Checkbox
            checked={listing.deleted}
            onChange={(e) => listing.set({ deleted: e.target.checked ? "1" : undefined })}
          >
            {t("lists.deleted")}
          </Checkbox>
        )}
        {listing.drilled.length > 0 && (
          <Button id="undrill" onClick={() => listing.set({ drill: undefined })}>
            {t("lists.drilled")}
            {listing.drilled.map((d) => d.label).join(" · ")} ×
          </Button>
        )}
      </div>
      <Modal
        open={editing !== undefined}
        title={t("lists.filter")}
        width={760}
        destroyOnHidden
        okButtonProps={{ id: "filter-ok" }}
        onCancel={() => setEditing(undefined)}
        onOk={() => {
          listing.set({ f: editing ? JSON.stringify(editing) : undefined });
          setEditing(undefined);
        }}
      >
        <ConditionEditor value={editing} onChange={setEditing} fields={fields} />
      </Modal>
      {columns && (
        <Columns
          all={[...def.fields, ...extra].filter(
            (f) => !["section", "divider", "description", "rows"].includes(f.type),
          )}
          keys={keys}
          standard={standard}
          close={() => setColumns(false)}
          set={(k) => listing.set({ fields: k?.join(",") })}
        />
      )}
      {saving && (
        <SaveView form={form} current={current} listing={listing} may={may} close={() => setSaving(false)} />
      )}
    </>
  );
}

function Columns({
  all,
  keys,
  standard,
  close,
  set,
}: {
  all: Field[];
  keys: string[];
  standard: string[];
  close: () => void;
  set: (keys: string[] | undefined) => void;
}) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(keys);
  const order = [...chosen, ...all.map((f) => f.key).filter((k) => !chosen.includes(k))];
  const move = (k: string, by: number) => {
    const i = chosen.indexOf(k);
    const next = chosen.slice();
    const other = next[i + by];
    if (i < 0 || other === undefined) return;
    [next[i], next[i + by]] = [other, k];
    setChosen(next);
  };
  return (
    <Modal
      open
      title={t("lists.columns")}
      onCancel={close}
      onOk={() => {
        set(chosen.join() === standard.join() ? undefined : chosen);
        close();
      }}
      okButtonProps={{ id: "columns-ok", disabled: chosen.length === 0 }}
    >
      <p className="quiet">{t("lists.columnsAbout")}</p>
      <ul className="work-columns">
        {order.map((k) => {
          const f = all.find((x) => x.key === k);
          const on = chosen.includes(k);
          if (!f) return null;
          return (
            <li key={k}>
              <Checkbox
                checked={on}
                onChange={() => setChosen(on ? chosen.filter((x) => x !== k) : [...chosen, k])}
              >
                {say(f.label)}
              </Checkbox>
              {on && (
                <span>
                  <Button size="small" type="text" aria-label={t("lists.up")} onClick={() => move(k, -1)}>
                    ↑
                  </Button>
                  <Button size="small" type="text" aria-label={t("lists.down")} onClick={() => move(k, 1)}>
                    ↓
                  </Button>
                </span>
              )}
            </li>
          );
        })}
      </ul>
      <Button onClick={() => setChosen(standard)}>{t("lists.reset")}</Button>
    </Modal>
  );
}

function SaveView({
  form,
  current,
  listing,
  may,
  close,
}: {
  form: string;
  current: View | undefined;
  listing: Listing;
  may: string[];
  close: () => void;
}) {
  const { t } = useTranslation();
  const { me } = useSession();
  const { message } = App.useApp();
  const client = useQueryClient();
  const words = useProblemText();
  const manages = may.includes("manage");
  const mine = current && (current.owner === me.id || manages) ? current : undefined;
  const [name, setName] = useState(say(mine?.name));
  const [shared, setShared] = useState(mine?.shared ?? false);
  const run = async (what: () => Promise<View | undefined>) => {
    try {
      const v = await what();
      await client.invalidateQueries({ queryKey: viewKeys(form) });
      listing.set({ view: v?.id });
      close();
    } catch (e) {
      void message.error(words(e));
    }
  };
  const keep = (old?: View) =>
    run(() =>
      post<View>(`/api/forms/${form}/views`, {
        id: old?.id,
        name: reworded(old?.name, name),
        shared,
        filter: listing.filter,
        fields: listing.fields ?? [],
        sort: listing.sort,
        chart: listing.stats ? listing.chart : undefined,
      }),
    );
  return (
    <Modal
      open
      title={t("lists.saveView")}
      onCancel={close}
      footer={
        <>
          {mine && (
            <Popconfirm
              title={`${t("lists.deleteView")}?`}
              onConfirm={() =>
                run(async () => {
                  await request("DELETE", `/api/forms/${form}/views/${mine.id}`);
                  return undefined;
                })
              }
            >
              <Button danger>{t("lists.deleteView")}</Button>
            </Popconfirm>
          )}
          {mine && (
            <Button disabled={!name.trim()} onClick={() => void keep(mine)}>
              {t("lists.updateView")}
            </Button>
          )}
          <Button type="primary" id="save-view-now" disabled={!name.trim()} onClick={() => void keep()}>
            {t("lists.saveView")}
          </Button>
        </>
      }
    >
      <Input
        id="view-name"
        autoFocus
        maxLength={60}
        placeholder={t("lists.viewName")}
        value={name}
        onChange={(e) => setName(e.target.value)}
      />
      {manages && (
        <Checkbox checked={shared} onChange={(e) => setShared(e.target.checked)}>
          {t("lists.shareView")}
        </Checkbox>
      )}
    </Modal>
  );
}
