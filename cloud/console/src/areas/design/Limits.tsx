import { Button, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import type { Text } from "../../api/types";
import { say } from "../../i18n";
import { Row, Words } from "./inputs";

/** Limit is how long something may take: hours on the clock, or days to the end of the last one. */
export interface Limit {
  hours?: number;
  days?: number;
  working?: boolean;
}

export interface LimitName {
  id: string;
  label: Text;
}

/** LimitNames are the clocks of a dictionary; flows look deadlines up by them. */
export function LimitNames({
  limits,
  set,
}: {
  limits: LimitName[];
  set: (next: LimitName[], tag?: string) => void;
}) {
  const { t } = useTranslation();
  const fresh = () => {
    for (let n = limits.length + 1; ; n++) if (!limits.some((l) => l.id === `limit${n}`)) return `limit${n}`;
  };
  return (
    <Row name={t("design.limits")} about={t("design.limitsAbout")}>
      {limits.map((l, i) => (
        <span key={l.id} className="design-dict-line">
          <Words
            id={`limit-${l.id}`}
            label={t("design.limitName")}
            value={l.label}
            set={(v) =>
              set(
                limits.map((x, j) => (i === j ? { ...x, label: v ?? { zh: "" } } : x)),
                `limit.${l.id}`,
              )
            }
          />
          <Button
            size="small"
            type="text"
            aria-label={t("design.remove")}
            onClick={() => set(limits.filter((_, j) => j !== i))}
          >
            ✕
          </Button>
        </span>
      ))}
      <Button
        size="small"
        type="dashed"
        id="add-limit"
        onClick={() => set([...limits, { id: fresh(), label: { zh: t("design.limitNew") } }])}
      >
        {t("design.addLimit")}
      </Button>
    </Row>
  );
}

type Unit = "hours" | "days" | "working";

const unitOf = (l: Limit | undefined): Unit => (l?.days ? (l.working ? "working" : "days") : "hours");

const limitOf = (n: number, unit: Unit): Limit =>
  unit === "hours" ? { hours: n } : { days: n, ...(unit === "working" && { working: true }) };

/** Limits are the deadlines of one item, one per clock of its dictionary, and what choosing it means. */
export function Limits({
  names,
  id,
  note,
  limits,
  put,
}: {
  names: LimitName[];
  id: string;
  note: Text | undefined;
  limits: Record<string, Limit>;
  put: (patch: { limits?: Record<string, Limit>; note?: Text }, tag?: string) => void;
}) {
  const { t } = useTranslation();
  const set = (name: string, l: Limit | undefined) => {
    const { [name]: _, ...rest } = limits;
    const next = l ? { ...rest, [name]: l } : rest;
    put({ limits: Object.keys(next).length > 0 ? next : undefined }, `limits.${name}`);
  };
  return (
    <span className="design-limits">
      {names.map((n) => {
        const l = limits[n.id];
        const unit = unitOf(l);
        return (
          <span key={n.id} className="design-limit" data-limit={n.id}>
            <span className="quiet">{say(n.label)}</span>
            <InputNumber
              aria-label={say(n.label)}
              min={1}
              max={unit === "hours" ? 8784 : 366}
              precision={0}
              placeholder={t("design.noLimit")}
              value={l?.hours ?? l?.days ?? null}
              onChange={(v) => set(n.id, v ? limitOf(v, unit) : undefined)}
            />
            <Select
              aria-label={t("design.limitUnit")}
              value={unit}
              disabled={!l}
              options={(["hours", "days", "working"] as const).map((u) => ({
                value: u,
                label: t(`design.limitUnits.${u}`),
              }))}
              onChange={(u: Unit) => set(n.id, limitOf(Math.min(l?.hours ?? l?.days ?? 1, 366), u))}
            />
          </span>
        );
      })}
      <Words
        id={`note-${id}`}
        label={t("design.itemNote")}
        value={note}
        set={(v) => put({ note: v }, "note")}
      />
    </span>
  );
}
