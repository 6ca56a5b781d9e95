import { Button, Input, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { say } from "../../i18n";
import type { Choice } from "../work/api";
import { colour } from "../work/names";
import { useDocuments } from "./api";
import type { Own } from "./FieldProps";
import { choice } from "./formedit";
import { Row, Toggle } from "./inputs";

const colours = ["", "risk-red", "risk-orange", "risk-yellow", "risk-blue"];

/** Choices sets what a list offers: options of its own, or those of a dictionary. */
export function Choices({ f, patch, dictOnly = false }: Omit<Own, "body"> & { dictOnly?: boolean }) {
  const { t } = useTranslation();
  const dicts = (useDocuments("dict").data ?? []).filter((d) => d.current > 0);
  const own = !dictOnly && f.dict === undefined;
  const options = f.options ?? [];
  return (
    <Row name={t("design.options")}>
      {!dictOnly && (
        <Segmented
          value={own ? "own" : "dict"}
          onChange={(v) =>
            v === "own"
              ? patch({ dict: undefined, options: [choice([], 1)] })
              : patch({ options: undefined, dict: dicts[0]?.key ?? "" })
          }
          options={[
            { value: "own", label: t("design.ownOptions") },
            { value: "dict", label: t("design.fromDict"), disabled: dicts.length === 0 },
          ]}
        />
      )}
      {own ? (
        <OwnChoices options={options} set={(o, tag) => patch({ options: o }, tag)} />
      ) : (
        <Select
          id="prop-dict"
          placeholder={t("work.choose")}
          value={f.dict}
          onChange={(dict) => patch({ dict })}
          options={dicts.map((d) => ({ value: d.key, label: say(d.title) || d.key }))}
        />
      )}
      {f.type !== "cascade" && (
        <>
          <Toggle name={t("design.other")} value={f.other} set={(v) => patch({ other: v })} />
          {f.type === "option" && (
            <Segmented
              value={f.style ?? ""}
              onChange={(v) => patch({ style: (v || undefined) as typeof f.style })}
              options={["", "buttons", "select"].map((s) => ({
                value: s,
                label: t(`design.styles.${s || "auto"}`),
              }))}
            />
          )}
          {own && (
            <Select
              allowClear
              placeholder={t("design.noDefault")}
              aria-label={t("design.default")}
              value={(f.default?.value as string | undefined) ?? undefined}
              onChange={(v?: string) => patch({ default: v ? { value: v } : undefined })}
              options={options.map((o) => ({ value: o.id, label: say(o.label) }))}
            />
          )}
        </>
      )}
    </Row>
  );
}

function OwnChoices({ options, set }: { options: Choice[]; set: (o: Choice[], tag?: string) => void }) {
  const { t } = useTranslation();
  const put = (i: number, patch: Partial<Choice>, tag?: string) =>
    set(
      options.map((o, j) => (i === j ? { ...o, ...patch } : o)),
      tag,
    );
  const add = () => set([...options, choice(options, options.length + 1)]);
  return (
    <ul className="design-options">
      {options.map((o, i) => (
        <li key={o.id} className={o.retired ? "retired" : ""}>
          <Select
            aria-label={t("design.colour")}
            value={o.color ?? ""}
            onChange={(c) => put(i, { color: c || undefined })}
            options={colours.map((c) => ({
              value: c,
              label: (
                <span
                  className="design-colour"
                  style={c ? { background: colour(c) } : undefined}
                  title={t(`design.colours.${c || "none"}`)}
                />
              ),
            }))}
          />
          <Input
            className="design-option"
            aria-label={t("design.option", { n: i + 1 })}
            value={say(o.label)}
            maxLength={200}
            onFocus={(e) => e.target.select()}
            onChange={(e) => put(i, { label: { zh: e.target.value, en: "" } }, `option${i}`)}
            onPressEnter={add}
          />
          <Button
            size="small"
            type="text"
            aria-label={t("design.up")}
            disabled={i === 0}
            onClick={() => {
              const next = options.slice();
              [next[i - 1], next[i]] = [o, options[i - 1] as Choice];
              set(next);
            }}
          >
            ↑
          </Button>
          <Button
            size="small"
            type="text"
            aria-label={t("design.remove")}
            disabled={options.length <= 1}
            onClick={() => set(options.filter((_, j) => j !== i))}
          >
            ✕
          </Button>
        </li>
      ))}
      <Button size="small" type="dashed" id="add-option" onClick={add}>
        {t("design.addOption")}
      </Button>
    </ul>
  );
}
