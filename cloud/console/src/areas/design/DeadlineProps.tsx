import { useQueries } from "@tanstack/react-query";
import { Button, InputNumber, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { get } from "../../api/client";
import { say } from "../../i18n";
import type { Dict, Field, Node } from "../work/api";
import { clean } from "./formedit";
import { Row, Span, Toggle } from "./inputs";
import type { Put } from "./NodeProps";
import { type Known, People } from "./People";

type Deadline = NonNullable<Node["deadline"]>;

/** ByLimit looks the deadline up in the dictionary of an option: the field first, then one of its clocks. */
function ByLimit({
  d,
  fields,
  set,
}: {
  d: Deadline;
  fields: Field[];
  set: (patch: Partial<Deadline>) => void;
}) {
  const { t } = useTranslation();
  const options = fields.filter((f) => f.type === "option" && f.dict);
  const dicts = useQueries({
    queries: options.map((f) => ({
      queryKey: ["dictionary", f.dict],
      queryFn: () => get<Dict>(`/api/dictionaries/${f.dict}`),
    })),
  });
  const clocks = options.flatMap((f, i) =>
    (dicts[i]?.data?.limits ?? []).map((l) => ({
      value: `${f.key} ${f.dict}/${l.id}`,
      label: `${say(f.label)} · ${say(l.label)}`,
    })),
  );
  return (
    <Select
      allowClear
      id="deadline-scheme"
      placeholder={t("design.schemeNone")}
      value={d.scheme ? `${d.by} ${d.scheme}` : undefined}
      options={clocks}
      notFoundContent={t("design.schemeAbout")}
      onChange={(v?: string) => {
        const [by, scheme] = v?.split(" ") ?? [];
        set({ by, scheme });
      }}
    />
  );
}

/** DeadlineProps say by when a node has to be done, who is reminded, and what happens after. */
export function DeadlineProps({
  n,
  fields,
  known,
  put,
}: {
  n: Node;
  fields: Field[];
  known: Known;
  put: Put;
}) {
  const { t } = useTranslation();
  const d = n.deadline;
  const set = (patch: Partial<Deadline>) =>
    put({ deadline: clean({ ...d, ...patch }) as Deadline }, "deadline");
  const of = (...types: string[]) =>
    fields.filter((f) => types.includes(f.type)).map((f) => ({ value: f.key, label: say(f.label) }));
  return (
    <Row name={t("design.deadline")}>
      <Toggle
        id="deadline"
        name={t("design.hasDeadline")}
        value={!!d}
        set={(v) => put({ deadline: v ? { after: "24h" } : undefined })}
      />
      {d && (
        <div className="design-deadline">
          <span>
            {t("design.within")}{" "}
            <Span
              id="deadline-after"
              label={t("design.within")}
              value={d.after}
              set={(after) => set({ after })}
            />
          </span>
          <Toggle name={t("design.workTime")} value={d.work} set={(work) => set({ work })} />
          <Row name={t("design.deadlineField")}>
            <Select
              allowClear
              value={d.field}
              options={of("date", "datetime")}
              onChange={(field?: string) => set({ field })}
            />
          </Row>
          <Row name={t("design.scheme")}>
            <ByLimit d={d} fields={fields} set={set} />
          </Row>
          <Row name={t("design.deadlineWrite")}>
            <Select
              allowClear
              value={d.write}
              options={of("datetime")}
              onChange={(write?: string) => set({ write })}
            />
          </Row>
          <Remind list={d.remind ?? []} set={(remind) => set({ remind })} />
          <Timeout d={d} set={set} known={known} />
        </div>
      )}
    </Row>
  );
}

function Remind({ list, set }: { list: string[]; set: (v: string[]) => void }) {
  const { t } = useTranslation();
  return (
    <Row name={t("design.remind")} about={t("design.remindAbout")}>
      {list.map((r, i) => (
        <span key={i}>
          <Span
            id={`remind-${i}`}
            label={t("design.remind")}
            value={r}
            set={(v) => set(v ? list.map((x, j) => (j === i ? v : x)) : list.filter((_, j) => j !== i))}
          />
          <Button
            size="small"
            type="text"
            aria-label={t("design.remove")}
            onClick={() => set(list.filter((_, j) => j !== i))}
          >
            ✕
          </Button>
        </span>
      ))}
      <Button size="small" type="dashed" onClick={() => set([...list, "-4h"])}>
        {t("design.addRemind")}
      </Button>
    </Row>
  );
}

function Timeout({ d, set, known }: { d: Deadline; set: (p: Partial<Deadline>) => void; known: Known }) {
  const { t } = useTranslation();
  const o = d.timeout;
  const put = (patch: Partial<NonNullable<typeof o>>) =>
    set({ timeout: clean({ do: "escalate", ...o, ...patch }) as typeof o });
  return (
    <Row name={t("design.timeout")}>
      <Segmented
        value={o?.do ?? ""}
        onChange={(v) => set({ timeout: v ? (clean({ ...o, do: v }) as typeof o) : undefined })}
        options={["", "escalate", "transfer", "agree", "reject"].map((v) => ({
          value: v,
          label: t(`design.timeouts.${v || "none"}`),
        }))}
      />
      {(o?.do === "escalate" || o?.do === "transfer") && (
        <People id="timeout" nested value={o.to} set={(to) => put({ to })} known={known} />
      )}
      {o?.do === "escalate" && (
        <span className="design-superiors">
          {t("design.again")}{" "}
          <Span
            id="timeout-every"
            label={t("design.again")}
            value={o.every}
            set={(every) => put({ every })}
          />
          <InputNumber
            aria-label={t("design.times")}
            min={1}
            max={100}
            value={o.times}
            addonAfter={t("design.times")}
            onChange={(times) => put({ times: times ?? undefined })}
          />
        </span>
      )}
    </Row>
  );
}
