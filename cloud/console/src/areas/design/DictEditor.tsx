import { useQueryClient } from "@tanstack/react-query";
import { Button, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { Text } from "../../api/types";
import { say } from "../../i18n";
import { Loaded } from "../../parts/states";
import { colour } from "../work/names";
import "../work/work.css";
import { type Detail, keys as queries, useDocument } from "./api";
import "./design.css";
import { DraftBar } from "./DraftBar";
import { Row, Toggle, Words } from "./inputs";
import { type Limit, type LimitName, LimitNames, Limits } from "./Limits";
import { useDraft } from "./useDraft";

interface Item {
  code: string;
  label: Text;
  color?: string;
  note?: Text;
  retired?: boolean;
  limits?: Record<string, Limit>;
  items?: Item[];
}
interface Body {
  title: Text;
  limits?: LimitName[];
  items: Item[];
}

const colours = ["", "risk-red", "risk-orange", "risk-yellow", "risk-blue"];

/** DictEditor edits a dictionary: what options and cascades of every form choose from. */
export function DictEditor() {
  const { id = "" } = useParams();
  const query = useDocument<Body>("dict", id);
  const client = useQueryClient();
  const [opened, setOpened] = useState(0);
  const reopen = () =>
    void client.refetchQueries({ queryKey: queries.one("dict", id) }).then(() => setOpened((n) => n + 1));
  return (
    <Loaded query={query} lines={10}>
      {(d) => <Editor key={`${id}-${opened}`} id={id} detail={d} reopen={reopen} />}
    </Loaded>
  );
}

function Editor({ id, detail, reopen }: { id: string; detail: Detail<Body>; reopen: () => void }) {
  const { t } = useTranslation();
  const draft = useDraft<Body>("dict", id, detail);
  const { body, change } = draft;
  const published = new Set(codes(detail.current?.body.items ?? []));
  return (
    <main className="page design">
      <header className="page-head">
        <div>
          <p className="quiet">
            <Link to="/workbench">{t("design.title")}</Link> / {t("design.dict")}
          </p>
          <h1>{say(body.title)}</h1>
        </div>
      </header>
      <DraftBar kind="dict" id={id} detail={detail} draft={draft} goTo={() => undefined} reopen={reopen} />
      <div className="work-box design-props">
        <Row name={t("design.formTitle")}>
          <Words
            id="dict-title"
            value={body.title}
            set={(v) => change((b) => ({ ...b, title: v ?? { zh: "", en: "" } }), "title")}
          />
        </Row>
        <LimitNames
          limits={body.limits ?? []}
          set={(limits, tag) =>
            change((b) => ({ ...b, limits: limits.length > 0 ? limits : undefined }), tag)
          }
        />
        <Items
          items={body.items}
          limits={body.limits ?? []}
          path=""
          published={published}
          set={(items, tag) => change((b) => ({ ...b, items }), tag)}
        />
      </div>
    </main>
  );
}

const codes = (items: Item[]): string[] => items.flatMap((i) => [i.code, ...codes(i.items ?? [])]);

/** unusedCode is a code nothing at this level has or had. */
function unusedCode(items: Item[], published: Set<string>): string {
  const taken = new Set([...items.map((i) => i.code), ...published]);
  for (let n = items.length + 1; ; n++) if (!taken.has(`c${n}`)) return `c${n}`;
}

function Items({
  items,
  limits,
  path,
  published,
  set,
}: {
  items: Item[];
  limits: LimitName[];
  path: string;
  published: Set<string>;
  set: (items: Item[], tag?: string) => void;
}) {
  const { t } = useTranslation();
  const put = (i: number, patch: Partial<Item>, tag = "") =>
    set(
      items.map((x, j) => (i === j ? { ...x, ...patch } : x)),
      tag && `${path}${i}.${tag}`,
    );
  return (
    <ul className="design-dict">
      {items.map((x, i) => (
        <li key={x.code} className={x.retired ? "retired" : ""}>
          <span className="design-dict-line">
            <Select
              aria-label={t("design.colour")}
              value={x.color ?? ""}
              onChange={(c) => put(i, { color: c || undefined })}
              options={colours.map((c) => ({
                value: c,
                label: <span className="design-colour" style={c ? { background: colour(c) } : undefined} />,
              }))}
            />
            <Words
              id={`item-${path}${i}`}
              label={t("design.item", { n: i + 1 })}
              value={x.label}
              set={(v) => put(i, { label: v ?? { zh: "", en: "" } }, "label")}
            />
            {published.has(x.code) ? (
              <code>{x.code}</code>
            ) : (
              <Input
                className="design-code"
                aria-label={t("design.code")}
                value={x.code}
                maxLength={64}
                onChange={(e) => put(i, { code: e.target.value.replace(/[/\s]/g, "") }, "code")}
              />
            )}
            <Button
              size="small"
              type="text"
              aria-label={t("design.up")}
              disabled={i === 0}
              onClick={() => {
                const next = items.slice();
                [next[i - 1], next[i]] = [x, items[i - 1] as Item];
                set(next);
              }}
            >
              ↑
            </Button>
            {published.has(x.code) ? (
              <Toggle name={t("design.retired")} value={x.retired} set={(v) => put(i, { retired: v })} />
            ) : (
              <Button
                size="small"
                type="text"
                aria-label={t("design.remove")}
                onClick={() => set(items.filter((_, j) => j !== i))}
              >
                ✕
              </Button>
            )}
            {path.split("/").length < 6 && (
              <Button
                size="small"
                type="text"
                onClick={() =>
                  put(i, {
                    items: [
                      ...(x.items ?? []),
                      {
                        code: unusedCode(x.items ?? [], published),
                        label: { zh: t("design.newItem"), en: "" },
                      },
                    ],
                  })
                }
              >
                {t("design.addBelow")}
              </Button>
            )}
          </span>
          {limits.length > 0 && (
            <Limits
              names={limits}
              id={`${path}${i}`}
              note={x.note}
              limits={x.limits ?? {}}
              put={(patch, tag) => put(i, patch, tag)}
            />
          )}
          {(x.items ?? []).length > 0 && (
            <Items
              items={x.items ?? []}
              limits={limits}
              path={`${path}${i}/`}
              published={published}
              set={(sub, tag) => put(i, { items: sub.length > 0 ? sub : undefined }, tag ?? "")}
            />
          )}
        </li>
      ))}
      <Button
        type="dashed"
        size="small"
        id={`add-item${path && `-${path}`}`}
        onClick={() =>
          set([...items, { code: unusedCode(items, published), label: { zh: t("design.newItem"), en: "" } }])
        }
      >
        {t("design.addItem")}
      </Button>
    </ul>
  );
}
