import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { get } from "../api/client";
import type { Text } from "../api/types";
import { type Tree, useTree } from "../areas/places/api";
import { type FormRecord, idOf, useDict, useDirectory } from "../areas/work/api";
import { cascadeName, placeWords } from "../areas/work/names";
import { say } from "../i18n";
import { floorName } from "../parts/format";
import { type Kind, useSpelled } from "../parts/pinyin";
import { Sheet } from "./frame";
import type { InputProps } from "./Input";

/** Opener is the button that shows what is chosen and opens a sheet to choose from. */
function Opener({
  id,
  title,
  shown,
  children,
}: {
  id: string;
  title: string;
  shown: string;
  children: (close: () => void) => ReactNode;
}) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" id={id} className="p-open" onClick={() => setOpen(true)}>
        {shown || <span className="p-quiet">{t("phone.choose")}</span>}
        <i aria-hidden="true">›</i>
      </button>
      {open && (
        <Sheet title={title} close={() => setOpen(false)}>
          {children(() => setOpen(false))}
        </Sheet>
      )}
    </>
  );
}

interface Option {
  id: string;
  name: string;
  about?: string;
}

/** Names is a list to find one or several in. */
function Names({
  options,
  have,
  many,
  pick,
  close,
  search,
  kind = "thing",
}: {
  options: Option[];
  have: string[];
  many: boolean;
  pick: (ids: string[]) => void;
  close: () => void;
  search?: (word: string) => void;
  kind?: Kind;
}) {
  const { t } = useTranslation();
  const [word, setWord] = useState("");
  const fits = useSpelled();
  const shown = search ? options : options.filter((o) => fits(o.name, word, kind));
  const tap = (id: string) => {
    if (!many) {
      pick([id]);
      return close();
    }
    pick(have.includes(id) ? have.filter((x) => x !== id) : [...have, id]);
  };
  return (
    <>
      {(search || options.length > 8) && (
        <input
          type="search"
          placeholder={t("phone.search")}
          aria-label={t("phone.search")}
          value={word}
          onChange={(e) => {
            setWord(e.target.value);
            search?.(e.target.value);
          }}
        />
      )}
      <ul className="p-names">
        {shown.map((o) => (
          <li key={o.id}>
            <button type="button" aria-pressed={have.includes(o.id)} onClick={() => tap(o.id)}>
              {o.name} {o.about && <small>{o.about}</small>}
            </button>
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p className="p-empty">{t("work.noMatch")}</p>}
      {many && (
        <button type="button" className="p-button primary" onClick={close}>
          {t("phone.done")}
        </button>
      )}
    </>
  );
}

const list = (value: unknown) => [value].flat().map(idOf).filter(Boolean);
const put = (many: boolean, set: (v: unknown) => void) => (ids: string[]) =>
  set(ids.length === 0 ? null : many ? ids : ids[0]);

/** PeoplePicker chooses from the organisation. */
export function PeoplePicker({ field: f, id, value, set }: InputProps) {
  const all = useDirectory().data;
  const roles = f.in_roles ?? [];
  const options = (all?.people ?? [])
    .filter((p) => roles.length === 0 || p.roles.some((r) => roles.includes(r)))
    .map((p) => ({
      id: p.id,
      name: p.name,
      about: p.units.map((u) => say(all?.units.find((x) => x.id === u)?.name)).join(" · "),
    }));
  const have = list(value);
  const names = have.map((h) => all?.people.find((p) => p.id === h)?.name ?? nameIn(value, h)).join("、");
  return (
    <Opener id={id} title={say(f.label)} shown={names}>
      {(close) => (
        <Names
          options={options}
          have={have}
          kind="person"
          many={f.type === "persons"}
          pick={put(f.type === "persons", set)}
          close={close}
        />
      )}
    </Opener>
  );
}

const nameIn = (value: unknown, id: string) =>
  ([value].flat().find((v) => idOf(v) === id) as { name?: string } | undefined)?.name ?? id;

/** UnitPicker chooses departments, or a post. */
export function UnitPicker({ field: f, id, value, set }: InputProps) {
  const units = (useDirectory().data?.units ?? []).filter((u) => (u.kind === "post") === (f.type === "post"));
  const have = list(value);
  const many = f.type === "departments";
  const shown = have.map((h) => say(units.find((u) => u.id === h)?.name) || nameIn(value, h)).join("、");
  return (
    <Opener id={id} title={say(f.label)} shown={shown}>
      {(close) => (
        <Names
          options={units.map((u) => ({ id: u.id, name: say(u.name) }))}
          have={have}
          many={many}
          pick={put(many, set)}
          close={close}
        />
      )}
    </Opener>
  );
}

const recentKey = "anlan.phone.places";
const recent = (): string[] => JSON.parse(localStorage.getItem(recentKey) ?? "[]") as string[];

/** PlacePicker goes from the building to the floor and the room; where one was lately, and every building, is one tap away. */
export function PlacePicker({ field: f, id, value, set }: InputProps) {
  const { t } = useTranslation();
  const tree = useTree().data;
  const [from, setFrom] = useState<string[]>();
  const take = (path: string) => {
    localStorage.setItem(
      recentKey,
      JSON.stringify([path, ...recent().filter((x) => x !== path)].slice(0, 3)),
    );
    set(path);
    setFrom(undefined);
  };
  const communities = tree?.communities ?? [];
  const buildings = (tree?.buildings ?? []).filter((b) => !b.archived);
  // where two communities have a building of the same name, its community is said too
  const twice = (name: Text) => buildings.filter((b) => say(b.name) === say(name)).length > 1;
  const home = communities.length === 1 && communities[0] ? [communities[0].id] : [];
  return (
    <>
      <button type="button" id={id} className="p-open" onClick={() => setFrom(home)}>
        {value ? placeWords(tree, String(value)) : <span className="p-quiet">{t("phone.choose")}</span>}
        <i aria-hidden="true">›</i>
      </button>
      {!value && (
        <div className="p-chips">
          {recent()
            .filter((p) => known(tree, p))
            .map((p) => (
              <button key={p} type="button" onClick={() => take(p)}>
                {t("phone.recent")} {placeWords(tree, p)}
              </button>
            ))}
          {buildings.map((b) => (
            <button
              key={b.id}
              type="button"
              data-building={b.id}
              onClick={() => setFrom([b.community, b.id])}
            >
              {twice(b.name) ? placeWords(tree, `${b.community}/${b.id}`) : say(b.name)}
            </button>
          ))}
        </div>
      )}
      {from && (
        <Sheet title={say(f.label)} close={() => setFrom(undefined)}>
          <Places from={from} home={home.length} take={take} />
        </Sheet>
      )}
    </>
  );
}

/** known says if a place of before is still there. */
const known = (tree: Tree | undefined, path: string) =>
  !!tree?.buildings.some((b) => b.id === path.split("/")[1] && !b.archived);

function Places({ from, home, take }: { from: string[]; home: number; take: (path: string) => void }) {
  const { t } = useTranslation();
  const tree = useTree().data;
  const communities = tree?.communities ?? [];
  const [path, setPath] = useState(from);
  const [c, b, floor] = path;
  const next: Option[] = !c
    ? communities.map((x) => ({ id: x.id, name: say(x.name) }))
    : !b
      ? (tree?.buildings ?? [])
          .filter((x) => x.community === c && !x.archived)
          .map((x) => ({ id: x.id, name: say(x.name) }))
      : !floor
        ? (tree?.floors ?? [])
            .filter((x) => x.building === b && !x.archived)
            .map((x) => ({ id: String(x.number), name: say(x.name) || floorName(x.number) }))
        : rooms(b, Number(floor));
  function rooms(of: string, on: number): Option[] {
    return (tree?.rooms ?? [])
      .filter((x) => x.building === of && x.floor === on && !x.archived)
      .map((x) => ({ id: x.id, name: say(x.name) }));
  }
  const tap = (id: string) => {
    const at = [...path, id];
    const leaf = at.length === 4 || (at.length === 3 && rooms(at[1] ?? "", Number(id)).length === 0);
    if (leaf) take(at.join("/"));
    else setPath(at);
  };
  return (
    <>
      <div className="p-grid">
        {next.map((o) => (
          <button key={o.id} type="button" data-place={o.id} onClick={() => tap(o.id)}>
            {o.name}
          </button>
        ))}
      </div>
      <div className="p-sheet-foot">
        {path.length > home && (
          <button type="button" className="p-button" onClick={() => setPath(path.slice(0, -1))}>
            {t("phone.back")}
          </button>
        )}
        {c && (
          <button type="button" className="p-button primary" onClick={() => take(path.join("/"))}>
            {t("phone.here", { place: placeWords(tree, path.join("/")) })}
          </button>
        )}
      </div>
    </>
  );
}

interface Entry {
  code: string;
  label: Text;
  retired?: boolean;
  items?: Entry[];
}

/** TreePicker goes down a dictionary. */
export function TreePicker({ field: f, id, value, set }: InputProps) {
  const { t } = useTranslation();
  const items = (useDict(f.dict).data?.items ?? []) as Entry[];
  const [path, setPath] = useState<string[]>([]);
  const level = path.reduce<Entry[]>((l, code) => l.find((i) => i.code === code)?.items ?? [], items);
  return (
    <Opener id={id} title={say(f.label)} shown={idOf(value) ? cascadeName(items as never, idOf(value)) : ""}>
      {(close) => (
        <>
          <div className="p-grid">
            {level
              .filter((i) => !i.retired)
              .map((i) => (
                <button
                  key={i.code}
                  type="button"
                  onClick={() => {
                    if (i.items?.length) return setPath([...path, i.code]);
                    set([...path, i.code].join("/"));
                    setPath([]);
                    close();
                  }}
                >
                  {say(i.label)}
                </button>
              ))}
          </div>
          {path.length > 0 && !f.leaf && (
            <button
              type="button"
              className="p-button primary"
              onClick={() => {
                set(path.join("/"));
                setPath([]);
                close();
              }}
            >
              {t("phone.here", { place: cascadeName(items as never, path.join("/")) })}
            </button>
          )}
        </>
      )}
    </Opener>
  );
}

/** DevicePicker chooses a connected device. */
export function DevicePicker({ field: f, id, value, set }: InputProps) {
  const rows = useQuery({
    queryKey: ["devices", "names"],
    queryFn: () => get<{ items: { edge: string; id: string; name: Text }[] }>("/api/devices"),
    staleTime: 60_000,
  }).data?.items;
  const options = (rows ?? []).map((d) => ({
    id: `${d.edge}/${d.id}`,
    name: say(d.name) || `${d.edge}/${d.id}`,
  }));
  return (
    <Opener
      id={id}
      title={say(f.label)}
      shown={options.find((o) => o.id === idOf(value))?.name ?? idOf(value)}
    >
      {(close) => (
        <Names options={options} have={list(value)} many={false} pick={put(false, set)} close={close} />
      )}
    </Opener>
  );
}

/** LinkPicker finds a record of another form. */
export function LinkPicker({ field: f, id, value, set, fill }: InputProps) {
  const [word, setWord] = useState("");
  const records =
    useQuery({
      queryKey: ["records", f.form, "find", word],
      queryFn: () =>
        get<{ records: FormRecord[] }>(
          `/api/forms/${f.form}/records?limit=30&search=${encodeURIComponent(word)}`,
        ),
      enabled: !!f.form,
    }).data?.records ?? [];
  const name = (r: FormRecord) =>
    [r.no, ...Object.values(r.doc).filter((v) => typeof v === "string")]
      .filter(Boolean)
      .slice(0, 3)
      .join(" · ");
  const have = list(value);
  const shown = have
    .map((h) => records.find((r) => r.id === h))
    .map((r, i) => (r ? name(r) : have[i]))
    .join("、");
  return (
    <Opener id={id} title={say(f.label)} shown={shown}>
      {(close) => (
        <Names
          options={records.map((r) => ({ id: r.id, name: name(r) || r.id }))}
          have={have}
          many={!!f.many}
          search={setWord}
          pick={(ids) => {
            put(!!f.many, set)(ids);
            const r = !f.many && records.find((x) => x.id === ids[0]);
            if (r && fill)
              fill(
                Object.fromEntries(
                  Object.entries(f.fill ?? {}).map(([to, from]) => [to, r.doc[from] ?? null]),
                ),
              );
          }}
          close={close}
        />
      )}
    </Opener>
  );
}
