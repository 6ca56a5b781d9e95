import { Button, Input, InputNumber, Segmented, Select } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Expr } from "../../cond/types";
import { say } from "../../i18n";
import type { Field, Node } from "../work/api";
import { useDocuments } from "./api";
import { useCondFields } from "../work/condfields";
import { DeadlineProps } from "./DeadlineProps";
import * as edit from "./flowedit";
import { clean } from "./formedit";
import { HelpMark } from "./Help";
import { Row, Span, Toggle, When, Words } from "./inputs";
import { type Known, People } from "./People";
import type { Change } from "./useDraft";

export interface NodeOwn {
  n: Node;
  body: edit.Body;
  fields: Field[];
  change: Change<edit.Body>;
}

/** NodeProps sets everything about one node. */
export function NodeProps({ n, body, fields, change }: NodeOwn) {
  const { t } = useTranslation();
  const cond = useCondFields(fields);
  const known = useMemo<Known>(
    () => ({ fields, cond, before: edit.before(body, n.id) }),
    [fields, cond, body, n.id],
  );
  const put = (patch: Partial<Node>, tag = "") =>
    change((b) => edit.update(b, n.id, (x) => clean({ ...x, ...patch }) as Node), tag && `${n.id}.${tag}`);
  const human = n.type === "approve" || n.type === "fill";
  return (
    <div className="design-props">
      <p className="quiet">
        {t(`design.nodes.${n.type}`)} · {t(`design.nodeAbout.${n.type}`)} <HelpMark at={`node:${n.type}`} />
      </p>
      <Row name={t("design.nodeName")}>
        <Words id="node-name" value={n.name} set={(v) => put({ name: v ?? { zh: "", en: "" } }, "name")} />
      </Row>
      {(human || n.type === "cc") && (
        <Row name={t(n.type === "cc" ? "design.copiedTo" : "design.handlers")}>
          <People id="who" value={n.who} set={(who) => put({ who })} known={known} />
        </Row>
      )}
      {human && <Deciding n={n} put={put} known={known} />}
      {(n.type === "start" || human) && <Access n={n} fields={fields} put={put} />}
      {human && <Verdicts n={n} put={put} known={known} />}
      {human && <DeadlineProps n={n} fields={fields} known={known} put={put} />}
      {(n.type === "condition" || n.type === "parallel") && (
        <Branches n={n} body={body} fields={fields} change={change} known={known} />
      )}
      {n.type === "delay" && <Delay n={n} fields={fields} put={put} />}
      {n.type === "subflow" && <Sub n={n} fields={fields} put={put} />}
      {(n.type === "start" || human) && (
        <Row name={t("design.nodeState")} about={t("design.nodeStateAbout")}>
          <Input
            value={n.state ?? ""}
            maxLength={32}
            onChange={(e) => put({ state: e.target.value }, "state")}
          />
        </Row>
      )}
    </div>
  );
}

export type Put = (patch: Partial<Node>, tag?: string) => void;

/** Deciding is how several people come to one decision, and what happens where nobody is found. */
function Deciding({ n, put, known }: { n: Node; put: Put; known: Known }) {
  const { t } = useTranslation();
  return (
    <>
      <Row name={t("design.mode")}>
        <Segmented
          value={n.mode || "any"}
          onChange={(m) => put({ mode: m as Node["mode"] })}
          options={["any", "all", "sequential"].map((m) => ({ value: m, label: t(`design.modes.${m}`) }))}
        />
        {n.mode === "all" && (
          <InputNumber
            aria-label={t("design.percent")}
            min={1}
            max={100}
            value={n.percent || 100}
            addonAfter="%"
            onChange={(v) => put({ percent: !v || v === 100 ? undefined : v })}
          />
        )}
      </Row>
      <Toggle
        name={t("design.leastLoaded")}
        value={n.pick === "least_loaded"}
        set={(v) => put({ pick: v ? "least_loaded" : undefined })}
      />
      <Row name={t("design.fallback")} about={t("design.fallbackAbout")}>
        <People id="fallback" value={n.fallback} set={(fallback) => put({ fallback })} known={known} nested />
      </Row>
      {n.type === "approve" && (
        <Row name={t("design.initiatorIs")}>
          <Select
            value={n.initiator || "superior"}
            onChange={(v) => put({ initiator: (v === "superior" ? undefined : v) as Node["initiator"] })}
            options={["superior", "allow", "fallback"].map((v) => ({
              value: v,
              label: t(`design.initiators.${v}`),
            }))}
          />
        </Row>
      )}
    </>
  );
}

const inert = new Set(["section", "divider", "description"]);

/** Access says field by field what may be read and filled in here. */
function Access({ n, fields, put }: { n: Node; fields: Field[]; put: Put }) {
  const { t } = useTranslation();
  const some = fields.filter((f) => !inert.has(f.type) && !f.hidden);
  const rest = n.fields?.["*"] ?? "r";
  const of = (key: string) => n.fields?.[key] ?? rest;
  const set = (key: string, a: string) =>
    put({
      fields: { ...n.fields, [key]: a },
      required: a === "w" ? n.required : (n.required ?? []).filter((k) => k !== key),
    });
  const all = (a: string) => put({ fields: { "*": a }, required: a === "w" ? n.required : undefined });
  const given = (f: Field) => f.type === "serial" || f.type === "formula";
  // What the node names and people no longer see on the form can only be let go.
  const gone = Object.keys(n.fields ?? {}).filter((k) => k !== "*" && !some.some((f) => f.key === k));
  const letGo = (key: string) =>
    put({
      fields: Object.fromEntries(Object.entries(n.fields ?? {}).filter(([k]) => k !== key)),
      required: (n.required ?? []).filter((k) => k !== key),
    });
  return (
    <Row
      name={t("design.access")}
      about={t(n.type === "start" ? "design.accessStart" : "design.accessAbout")}
    >
      <span className="work-phrases">
        {["r", "w", "hide"].map((a) => (
          <Button key={a} size="small" onClick={() => all(a)}>
            {t("design.allOf", { what: t(`design.accesses.${a}`) })}
          </Button>
        ))}
      </span>
      <table className="design-access">
        <tbody>
          {some.map((f) => (
            <tr key={f.key} data-access={f.key}>
              <th>{say(f.label)}</th>
              <td>
                <Segmented
                  size="small"
                  value={of(f.key)}
                  onChange={(a) => set(f.key, a)}
                  options={["r", "w", "hide"].map((a) => ({
                    value: a,
                    label: t(`design.accesses.${a}`),
                    disabled: a === "w" && given(f),
                  }))}
                />
              </td>
              <td>
                {n.type !== "start" && of(f.key) === "w" && (
                  <Toggle
                    name={t("design.must")}
                    value={(n.required ?? []).includes(f.key)}
                    set={(v) =>
                      put({
                        required: v
                          ? [...(n.required ?? []), f.key]
                          : (n.required ?? []).filter((k) => k !== f.key),
                      })
                    }
                  />
                )}
              </td>
            </tr>
          ))}
          {gone.map((key) => (
            <tr key={key} data-access={key}>
              <th>{say(fields.find((f) => f.key === key)?.label) || key}</th>
              <td className="quiet">{t("design.offForm")}</td>
              <td>
                <Button size="small" onClick={() => letGo(key)}>
                  {t("design.letGo")}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Row>
  );
}

/** Verdicts are the buttons, what they need, and where a rejection leads. */
function Verdicts({ n, put, known }: { n: Node; put: Put; known: Known }) {
  const { t } = useTranslation();
  const rejects = n.type === "approve" || !!n.reject;
  const stations = known.before.filter((x) => ["start", "approve", "fill"].includes(x.type));
  return (
    <>
      {n.type === "fill" && (
        <Toggle
          name={t("design.mayReturn")}
          value={!!n.reject}
          set={(v) => put({ reject: v ? "previous" : undefined, reject_to: undefined })}
        />
      )}
      {rejects && (
        <Row name={t("design.rejectTo")}>
          <Select
            id="reject-to"
            value={n.reject === "node" ? `node:${n.reject_to ?? ""}` : n.reject || "start"}
            onChange={(v) =>
              v.startsWith("node:")
                ? put({ reject: "node", reject_to: v.slice(5) })
                : put({ reject: v as Node["reject"], reject_to: undefined })
            }
            options={[
              ...["start", "previous", "chosen", "end"].map((v) => ({
                value: v,
                label: t(`design.targets.${v}`),
              })),
              ...stations
                .filter((x) => x.type !== "start")
                .map((x) => ({
                  value: `node:${x.id}`,
                  label: t("design.targets.node", { what: say(x.name) }),
                })),
            ]}
          />
        </Row>
      )}
      {rejects && (
        <Row name={t("design.resubmit")}>
          <Segmented
            value={n.resubmit || "again"}
            onChange={(v) => put({ resubmit: (v === "again" ? undefined : v) as Node["resubmit"] })}
            options={["again", "back"].map((v) => ({ value: v, label: t(`design.resubmits.${v}`) }))}
          />
        </Row>
      )}
      <Row name={t("design.opinion")}>
        <Segmented
          value={n.opinion ?? ""}
          onChange={(v) => put({ opinion: (v || undefined) as Node["opinion"] })}
          options={["", "reject", "always"].map((v) => ({
            value: v,
            label: t(`design.opinions.${v || "free"}`),
          }))}
        />
      </Row>
      <Row name={t("design.agreeLabel")}>
        <Words
          id="label-agree"
          value={n.labels?.agree}
          set={(v) => put({ labels: clean({ ...n.labels, agree: v }) as Node["labels"] }, "agree")}
        />
      </Row>
      {rejects && (
        <Row name={t("design.rejectLabel")}>
          <Words
            id="label-reject"
            value={n.labels?.reject}
            set={(v) => put({ labels: clean({ ...n.labels, reject: v }) as Node["labels"] }, "reject")}
          />
        </Row>
      )}
      <Toggle name={t("design.sign")} value={n.sign} set={(v) => put({ sign: v })} />
    </>
  );
}

function Branches({ n, change, known }: NodeOwn & { known: Known }) {
  const { t } = useTranslation();
  const list = n.branches ?? [];
  const condition = n.type === "condition";
  return (
    <ol className="design-branches">
      {list.map((way, i) => {
        const last = condition && i === list.length - 1;
        return (
          <li key={way.id} data-branch={way.id}>
            <Row name={condition ? t("design.branch", { n: i + 1 }) : t("design.way", { n: i + 1 })}>
              <Words
                id={`branch-${i}`}
                value={way.name}
                set={(v) =>
                  change(
                    (b) => edit.updateBranch(b, n.id, way.id, { name: v ?? { zh: "", en: "" } }),
                    `${way.id}.name`,
                  )
                }
              />
              {condition && !last && (
                <When
                  id={`branch-${i}-when`}
                  value={way.when}
                  set={(when: Expr | undefined) =>
                    change((b) => edit.updateBranch(b, n.id, way.id, { when }))
                  }
                  fields={known.cond}
                  none={t("design.setCondition")}
                />
              )}
              {last && <p className="quiet">{t("design.otherwiseAbout")}</p>}
              <span className="design-card-verbs">
                <Button
                  size="small"
                  type="text"
                  aria-label={t("design.up")}
                  disabled={i === 0 || last}
                  onClick={() => change((b) => edit.moveBranch(b, n.id, way.id, -1))}
                >
                  ↑
                </Button>
                <Button
                  size="small"
                  type="text"
                  danger
                  disabled={last}
                  onClick={() => change((b) => edit.removeBranch(b, n.id, way.id))}
                >
                  {t("design.remove")}
                </Button>
              </span>
            </Row>
          </li>
        );
      })}
      <Button
        type="dashed"
        id="add-branch"
        onClick={() =>
          change((b) => edit.addBranch(b, n.id, { zh: t("design.newBranch", { n: list.length }), en: "" }))
        }
      >
        {t("design.addBranch")}
      </Button>
    </ol>
  );
}

function Delay({ n, fields, put }: { n: Node; fields: Field[]; put: Put }) {
  const { t } = useTranslation();
  const dates = fields.filter((f) => f.type === "date" || f.type === "datetime");
  return (
    <>
      <Row name={t("design.delayAfter")}>
        <Span
          id="delay"
          label={t("design.delayAfter")}
          value={n.after}
          set={(after) => put({ after, until: undefined }, "after")}
        />
      </Row>
      <Row name={t("design.delayUntil")}>
        <Select
          allowClear
          value={n.until || undefined}
          onChange={(until?: string) =>
            put(until ? { until, after: undefined } : { until: undefined, after: "24h" })
          }
          options={dates.map((f) => ({ value: f.key, label: say(f.label) }))}
        />
      </Row>
    </>
  );
}

function Sub({ n, fields, put }: { n: Node; fields: Field[]; put: Put }) {
  const { t } = useTranslation();
  const flows = (useDocuments("flow").data ?? []).filter((f) => f.current > 0);
  const target = flows.find((f) => f.key === n.flow);
  return (
    <>
      <Row name={t("design.subflow")} about={target && !n.fresh ? t("design.subflowSame") : undefined}>
        <Select
          id="subflow"
          placeholder={t("work.choose")}
          value={n.flow}
          onChange={(flow) => put({ flow, fresh: undefined })}
          options={flows.map((f) => ({ value: f.key, label: say(f.title) || f.key }))}
        />
      </Row>
      <Toggle name={t("design.noWait")} value={n.no_wait} set={(v) => put({ no_wait: v })} />
      {fields.length === 0 && <p className="quiet">{t("design.emptyForm")}</p>}
    </>
  );
}
