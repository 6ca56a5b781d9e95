import { useQuery } from "@tanstack/react-query";
import { Cascader, Select } from "antd";
import { useDeferredValue, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { get } from "../../api/client";
import type { Text } from "../../api/types";
import { say } from "../../i18n";
import { floorName } from "../../parts/format";
import { useSpelled } from "../../parts/pinyin";
import { useTree } from "../places/api";
import { type FormRecord, idOf, useDict, useDirectory, useForm } from "./api";
import type { InputProps } from "./FieldInput";

/** People chooses from the organisation: by name, within the departments and roles the field says. */
export function People({ field: f, id, value, set }: InputProps) {
  const { t } = useTranslation();
  const all = useDirectory().data;
  const fits = useSpelled();
  const options = useMemo(() => {
    const roles = f.in_roles ?? [];
    const within = under(all?.units ?? [], f.in_departments ?? []);
    return (all?.people ?? [])
      .filter((p) => roles.length === 0 || p.roles.some((r) => roles.includes(r)))
      .filter((p) => within.size === 0 || p.units.some((u) => within.has(u)))
      .map((p) => ({
        value: p.id,
        label: p.name,
        about: p.units.map((u) => say(all?.units.find((x) => x.id === u)?.name)).join(" · "),
      }));
  }, [all, f.in_roles, f.in_departments]);
  const many = f.type === "persons";
  return (
    <Select
      id={id}
      mode={many ? "multiple" : undefined}
      allowClear
      showSearch={{ filterOption: (word, o) => fits(o?.label ?? "", word) }}
      placeholder={t("work.choose")}
      options={options}
      optionRender={(o) => (
        <>
          {o.label} <small className="quiet">{(o.data as { about?: string }).about}</small>
        </>
      )}
      value={(many ? ((value as unknown[]) ?? []).map(idOf) : idOf(value) || undefined) as string}
      onChange={(v) => set(v && v.length ? v : null)}
    />
  );
}

/** under are some units and everything below them. */
function under(units: { id: string; parent: string }[], of: string[]): Set<string> {
  const out = new Set(of);
  for (let grew = of.length > 0; grew;) {
    grew = false;
    for (const u of units)
      if (!out.has(u.id) && out.has(u.parent)) {
        out.add(u.id);
        grew = true;
      }
  }
  return out;
}

/** Units chooses departments, or a post. */
export function Units({ field: f, id, value, set }: InputProps) {
  const { t } = useTranslation();
  const fits = useSpelled();
  const units = (useDirectory().data?.units ?? []).filter((u) => (u.kind === "post") === (f.type === "post"));
  const many = f.type === "departments";
  return (
    <Select
      id={id}
      mode={many ? "multiple" : undefined}
      allowClear
      showSearch={{ filterOption: (word, o) => fits(o?.label ?? "", word, "thing") }}
      placeholder={t("work.choose")}
      options={units.map((u) => ({ value: u.id, label: say(u.name) }))}
      value={(many ? ((value as unknown[]) ?? []).map(idOf) : idOf(value) || undefined) as string}
      onChange={(v) => set(v && v.length ? v : null)}
    />
  );
}

interface Spot {
  value: string;
  label: string;
  children?: Spot[];
}

/** PlaceInput goes from the community to the building, the floor and the room. */
export function PlaceInput({ id, value, set }: InputProps) {
  const { t } = useTranslation();
  const tree = useTree().data;
  const options = useMemo<Spot[]>(
    () =>
      (tree?.communities ?? []).map((c) => ({
        value: c.id,
        label: say(c.name),
        children: (tree?.buildings ?? [])
          .filter((b) => b.community === c.id && !b.archived)
          .map((b) => ({
            value: b.id,
            label: say(b.name),
            children: (tree?.floors ?? [])
              .filter((x) => x.building === b.id && !x.archived)
              .map((x) => {
                const rooms = (tree?.rooms ?? []).filter(
                  (r) => r.building === b.id && r.floor === x.number && !r.archived,
                );
                return {
                  value: String(x.number),
                  label: say(x.name) || floorName(x.number),
                  children:
                    rooms.length > 0 ? rooms.map((r) => ({ value: r.id, label: say(r.name) })) : undefined,
                };
              }),
          })),
      })),
    [tree],
  );
  return (
    <Cascader
      id={id}
      changeOnSelect
      showSearch
      placeholder={t("work.choose")}
      options={options}
      value={typeof value === "string" && value ? value.split("/") : undefined}
      onChange={(v) => set(v?.length ? v.join("/") : null)}
    />
  );
}

interface Entry {
  code: string;
  label: Text;
  retired?: boolean;
  items?: Entry[];
}

/** CascadeInput goes down a dictionary level by level. */
export function CascadeInput({ field: f, id, value, set }: InputProps) {
  const { t } = useTranslation();
  const dict = useDict(f.dict).data;
  const options = useMemo(() => {
    const of = (items: Entry[]): Spot[] =>
      items
        .filter((i) => !i.retired)
        .map((i) => ({
          value: i.code,
          label: say(i.label),
          children: i.items?.length ? of(i.items) : undefined,
        }));
    return of((dict?.items ?? []) as Entry[]);
  }, [dict]);
  return (
    <Cascader
      id={id}
      changeOnSelect={!f.leaf}
      showSearch
      placeholder={t("work.choose")}
      options={options}
      value={idOf(value) ? idOf(value).split("/") : undefined}
      onChange={(v) => set(v?.length ? v.join("/") : null)}
    />
  );
}

interface DeviceRow {
  edge: string;
  id: string;
  name: Text;
}

/** DeviceInput chooses a connected device. */
export function DeviceInput({ id, value, set }: InputProps) {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ["devices", "names"],
    queryFn: () => get<{ items: DeviceRow[] }>("/api/devices"),
    staleTime: 60_000,
  });
  return (
    <Select
      id={id}
      allowClear
      showSearch
      optionFilterProp="label"
      loading={query.isLoading}
      placeholder={t("work.choose")}
      options={(query.data?.items ?? []).map((d) => ({
        value: `${d.edge}/${d.id}`,
        label: say(d.name) || `${d.edge}/${d.id}`,
      }))}
      value={idOf(value) || undefined}
      onChange={(v) => set(v ?? null)}
    />
  );
}

/** LinkInput finds a record of another form, and fills in what the field brings along. */
export function LinkInput({ field: f, id, value, set, fill }: InputProps) {
  const { t } = useTranslation();
  const [word, setWord] = useState("");
  const q = useDeferredValue(word.trim());
  const there = useForm(f.form ?? "").data?.def;
  const found = useQuery({
    queryKey: ["records", f.form, "find", q],
    queryFn: () =>
      get<{ records: FormRecord[] }>(`/api/forms/${f.form}/records?limit=20&search=${encodeURIComponent(q)}`),
    enabled: !!f.form,
  });
  const records = found.data?.records ?? [];
  const name = (r: FormRecord) =>
    [r.no, ...(there?.summary ?? []).map((k) => r.doc[k]).filter((v) => typeof v === "string")]
      .filter(Boolean)
      .join(" · ") || r.id;
  const chosen = f.many ? ((value as unknown[]) ?? []).map(idOf) : idOf(value) || undefined;
  const known = records.map((r) => ({ value: r.id, label: name(r) }));
  for (const c of [chosen].flat())
    if (c && !known.some((k) => k.value === c)) known.push({ value: c, label: snapName(value, c) });
  return (
    <Select
      id={id}
      mode={f.many ? "multiple" : undefined}
      allowClear
      showSearch
      filterOption={false}
      onSearch={setWord}
      loading={found.isFetching}
      notFoundContent={found.error ? t("common.failed") : undefined}
      placeholder={t("work.choose")}
      options={known}
      value={chosen as string}
      onChange={(v: string | string[] | undefined) => {
        set(v && v.length ? v : null);
        const r = typeof v === "string" && records.find((x) => x.id === v);
        if (r && fill)
          fill(
            Object.fromEntries(Object.entries(f.fill ?? {}).map(([to, from]) => [to, r.doc[from] ?? null])),
          );
      }}
    />
  );
}

/** snapName is what a link kept of a record that is not among those found. */
function snapName(value: unknown, id: string): string {
  const one = [value].flat().find((v) => idOf(v) === id) as { snap?: Record<string, unknown> } | undefined;
  const words = Object.values(one?.snap ?? {}).filter((v) => typeof v === "string");
  return words.join(" · ") || id;
}
