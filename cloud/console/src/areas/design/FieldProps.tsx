import { Button, Input, InputNumber, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { say } from "../../i18n";
import { type Field, useDirectory } from "../work/api";
import { useCondFields } from "../work/condfields";
import { type Body, clean } from "./formedit";
import { HelpMark } from "./Help";
import { Row, Toggle, When, Words } from "./inputs";
import { LinkProps } from "./LinkProps";
import { Choices } from "./Choices";

export type Patch = (patch: Partial<Field>, tag?: string) => void;
export interface Own {
  f: Field;
  body: Body;
  patch: Patch;
}

const counted = new Set(["options", "persons", "departments", "photo", "video", "media", "file", "rows"]);
const texts = new Set(["text", "multiline", "opinion"]);
const files = new Set(["photo", "video", "media", "file"]);
const layout = new Set(["section", "description", "divider"]);

/** FieldProps sets everything about one field. */
export function FieldProps({ f, body, patch, path }: Own & { path: string }) {
  const { t } = useTranslation();
  const sub = path.includes(".");
  const id = (name: string) => `prop-${name}`;
  return (
    <div className="design-props" key={path}>
      <p className="quiet">
        {t(`design.types.${f.type}`)} · <code>{path}</code>{" "}
        <HelpMark at={`control:${f.type === "option" && f.style === "select" ? "dropdown" : f.type}`} />
      </p>
      {f.type !== "divider" && (
        <Row name={t("design.label")}>
          <Words id={id("label")} value={f.label} set={(v) => patch({ label: v }, `${path}.label`)} />
        </Row>
      )}
      {f.type === "description" && (
        <Row name={t("design.text")}>
          <Words id={id("text")} long value={f.text} set={(v) => patch({ text: v }, `${path}.text`)} />
        </Row>
      )}
      {!layout.has(f.type) && <Rules f={f} body={body} patch={patch} sub={sub} />}
      <Particular f={f} body={body} patch={patch} />
      {!layout.has(f.type) && (
        <Row name={t("design.help")}>
          <Words id={id("help")} value={f.help} set={(v) => patch({ help: v }, `${path}.help`)} />
        </Row>
      )}
      <Appearance f={f} body={body} patch={patch} />
    </div>
  );
}

/** Rules say when a field must be filled in, and when it may be. */
function Rules({ f, patch, sub }: Own & { sub: boolean }) {
  const { t } = useTranslation();
  return (
    <div className="design-toggles">
      {f.type !== "serial" && f.type !== "formula" && (
        <Toggle
          id="prop-required"
          name={t("design.required")}
          value={f.required}
          set={(v) => patch({ required: v })}
        />
      )}
      {f.type !== "serial" && f.type !== "formula" && (
        <Toggle name={t("design.readOnly")} value={f.read_only} set={(v) => patch({ read_only: v })} />
      )}
      {(f.type === "text" || f.type === "number") && !sub && (
        <Toggle name={t("design.unique")} value={f.unique} set={(v) => patch({ unique: v })} />
      )}
    </div>
  );
}

function Appearance({ f, body, patch }: Own) {
  const { t } = useTranslation();
  const others = useCondFields(body.fields.filter((x) => x.key !== f.key));
  return (
    <>
      <Row name={t("design.visible")}>
        <When
          id="prop-visible"
          none={t("design.always")}
          value={f.visible}
          set={(e) => patch({ visible: e })}
          fields={others}
        />
      </Row>
      {!layout.has(f.type) && !f.required && (
        <Row name={t("design.requiredIf")}>
          <When
            id="prop-required-if"
            none={t("design.never")}
            value={f.required_if}
            set={(e) => patch({ required_if: e })}
            fields={others}
          />
        </Row>
      )}
      <Row name={t("design.width")}>
        <Segmented
          value={f.width === 2 ? 2 : 1}
          onChange={(v) => patch({ width: v === 2 ? 2 : undefined })}
          options={[
            { value: 1, label: t("design.half") },
            { value: 2, label: t("design.full") },
          ]}
        />
      </Row>
    </>
  );
}

/** Particular are the properties only some controls have. */
function Particular({ f, body, patch }: Own) {
  const { t } = useTranslation();
  const number = (
    name: "min" | "max" | "max_length" | "min_length" | "min_count" | "max_count" | "decimals",
  ) => (
    <Row key={name} name={t(`design.${name}`)}>
      <InputNumber
        id={`prop-${name}`}
        min={name === "min" || name === "max" ? undefined : 0}
        value={f[name]}
        onChange={(v) => patch({ [name]: v ?? undefined }, name)}
      />
    </Row>
  );
  return (
    <>
      {(f.type === "option" || f.type === "options") && <Choices f={f} patch={patch} />}
      {f.type === "cascade" && <Choices f={f} patch={patch} dictOnly />}
      {f.type === "link" && <LinkProps f={f} body={body} patch={patch} />}
      {texts.has(f.type) && number("max_length")}
      {f.type === "text" && <Pattern f={f} patch={patch} />}
      {f.type === "text" && <Toggle name={t("design.scan")} value={f.scan} set={(v) => patch({ scan: v })} />}
      {(f.type === "multiline" || f.type === "opinion") && <Phrases f={f} patch={patch} />}
      {(f.type === "number" || f.type === "money") && [number("min"), number("max")]}
      {f.type === "number" && number("decimals")}
      {(f.type === "number" || f.type === "formula") && (
        <Row name={t("design.unitWord")}>
          <Input
            value={f.unit ?? ""}
            maxLength={12}
            onChange={(e) => patch({ unit: e.target.value }, "unit")}
          />
        </Row>
      )}
      {f.type === "rating" && number("max")}
      {(f.type === "date" || f.type === "datetime") && <Times f={f} patch={patch} />}
      {(f.type === "person" || f.type === "persons") && <Among f={f} patch={patch} />}
      {counted.has(f.type) && [number("min_count"), number("max_count")]}
      {files.has(f.type) && f.type !== "file" && (
        <Toggle name={t("design.cameraOnly")} value={f.camera_only} set={(v) => patch({ camera_only: v })} />
      )}
      {(f.type === "photo" || f.type === "media") && (
        <Toggle name={t("design.watermark")} value={f.watermark} set={(v) => patch({ watermark: v })} />
      )}
      {f.type === "location" && (
        <Toggle name={t("design.gpsOnly")} value={f.gps_only} set={(v) => patch({ gps_only: v })} />
      )}
      {f.type === "rows" && <FromChecklist f={f} body={body} patch={patch} />}
      {f.type === "serial" && <Serial f={f} patch={patch} />}
      {f.type === "formula" && <Formula f={f} body={body} patch={patch} />}
    </>
  );
}

function Pattern({ f, patch }: Omit<Own, "body">) {
  const { t } = useTranslation();
  const known: Record<string, string> = {
    "": "",
    phone: "1[3-9][0-9]{9}",
    id: "[1-9][0-9]{16}[0-9Xx]",
    plate: "[\\x{4e00}-\\x{9fa5}][A-Z][A-Z0-9]{5,6}",
  };
  const value = Object.entries(known).find(([, p]) => p === (f.pattern ?? ""))?.[0] ?? "own";
  return (
    <Row name={t("design.pattern")}>
      <Select
        value={value}
        onChange={(v) =>
          patch({
            pattern: known[v] || undefined,
            pattern_text: v
              ? {
                  zh: t(`design.patternText.${v}`, { lng: "zh-CN" }),
                  en: t(`design.patternText.${v}`, { lng: "en" }),
                }
              : undefined,
          })
        }
        options={[
          { value: "", label: t("design.patterns.none") },
          { value: "phone", label: t("design.patterns.phone") },
          { value: "id", label: t("design.patterns.id") },
          { value: "plate", label: t("design.patterns.plate") },
          ...(value === "own" ? [{ value: "own", label: f.pattern ?? "" }] : []),
        ]}
      />
    </Row>
  );
}

function Phrases({ f, patch }: Omit<Own, "body">) {
  const { t } = useTranslation();
  return (
    <Row name={t("design.phrases")} about={t("design.phrasesAbout")}>
      <Select
        mode="tags"
        open={false}
        suffixIcon={null}
        value={(f.phrases ?? []).map((p) => p.zh)}
        onChange={(v: string[]) =>
          patch({
            phrases: v.map((zh) => (f.phrases ?? []).find((p) => p.zh === zh) ?? { zh, en: "" }).map(clean),
          })
        }
      />
    </Row>
  );
}

function Times({ f, patch }: Omit<Own, "body">) {
  const { t } = useTranslation();
  return (
    <div className="design-toggles">
      <Toggle
        name={t("design.defaultNow")}
        value={f.default?.now === "0m"}
        set={(v) => patch({ default: v ? { now: "0m" } : undefined })}
      />
      <Toggle name={t("design.serverTime")} value={f.server_time} set={(v) => patch({ server_time: v })} />
      <Toggle
        name={t("design.notBefore")}
        value={f.earliest === "0m"}
        set={(v) => patch({ earliest: v ? "0m" : undefined })}
      />
      <Toggle
        name={t("design.notAfter")}
        value={!!f.latest}
        set={(v) => patch({ latest: v ? "5m" : undefined })}
      />
    </div>
  );
}

function Among({ f, patch }: Omit<Own, "body">) {
  const { t } = useTranslation();
  const all = useDirectory().data;
  return (
    <>
      <Toggle
        name={t("design.defaultMe")}
        value={f.default?.me === "id"}
        set={(v) => patch({ default: v ? { me: "id" } : undefined })}
      />
      <Row name={t("design.inRoles")}>
        <Select
          id="prop-in-roles"
          mode="multiple"
          allowClear
          optionFilterProp="label"
          placeholder={t("design.everybody")}
          value={f.in_roles ?? []}
          onChange={(v) => patch({ in_roles: v })}
          options={(all?.roles ?? []).map((r) => ({ value: r.id, label: say(r.name) }))}
        />
      </Row>
      <Row name={t("design.inDepartments")}>
        <Select
          mode="multiple"
          allowClear
          optionFilterProp="label"
          placeholder={t("design.everybody")}
          value={f.in_departments ?? []}
          onChange={(v) => patch({ in_departments: v })}
          options={(all?.units ?? [])
            .filter((u) => u.kind !== "post")
            .map((u) => ({ value: u.id, label: say(u.name) }))}
        />
      </Row>
    </>
  );
}

function Serial({ f, patch }: Omit<Own, "body">) {
  const { t } = useTranslation();
  const now = new Date();
  const pad = (n: number) => String(n).padStart(2, "0");
  const shown = (f.serial ?? "")
    .replace("{prefix}", f.prefix ?? "")
    .replace("{yyyyMMdd}", `${now.getFullYear()}${pad(now.getMonth() + 1)}${pad(now.getDate())}`)
    .replace("{yyyyMM}", `${now.getFullYear()}${pad(now.getMonth() + 1)}`)
    .replace("{yyyy}", String(now.getFullYear()))
    .replace(/\{seq:(\d)\}/, (_, n: string) => "1".padStart(Number(n), "0"));
  const restart = /\{(yyyyMMdd|yyyyMM|yyyy)\}/.exec(f.serial ?? "")?.[1] ?? "";
  return (
    <>
      <Row name={t("design.prefix")} about={t("design.serialLooks", { no: shown })}>
        <Input
          value={f.prefix ?? ""}
          maxLength={12}
          onChange={(e) =>
            patch(
              {
                prefix: e.target.value,
                serial: `${e.target.value ? "{prefix}" : ""}${restart ? `{${restart}}` : ""}{seq:4}`,
              },
              "prefix",
            )
          }
        />
      </Row>
      <Row name={t("design.serialEach")}>
        <Select
          value={restart}
          onChange={(v) => patch({ serial: `${f.prefix ? "{prefix}" : ""}${v ? `{${v}}` : ""}{seq:4}` })}
          options={["yyyyMMdd", "yyyyMM", "yyyy", ""].map((v) => ({
            value: v,
            label: t(`design.serials.${v || "never"}`),
          }))}
        />
      </Row>
    </>
  );
}

/** FromChecklist lets the rows of a sub-form come from the checklist of what an option says. */
function FromChecklist({ f, body, patch }: Own) {
  const { t } = useTranslation();
  const by = body.fields.filter((x) => x.type === "option" && x.dict);
  const column = (key: string, label: string): Field => ({
    key,
    type: "text",
    label: { zh: label },
    max_length: 200,
  });
  const choose = (checklist?: string) => {
    const have = f.fields ?? [];
    const more = [column("item", t("design.checkText")), column("normal", t("design.checkNormal"))];
    const fields = checklist ? [...more.filter((m) => !have.some((g) => g.key === m.key)), ...have] : have;
    patch({ checklist, fields });
  };
  return (
    <Row name={t("design.fromChecklist")} about={t("design.fromChecklistAbout")}>
      <Select
        allowClear
        id="prop-checklist"
        value={f.checklist}
        placeholder={t("design.fromChecklistNone")}
        options={by.map((x) => ({ value: x.key, label: say(x.label) }))}
        onChange={choose}
      />
    </Row>
  );
}

function Formula({ f, body, patch }: Own) {
  const { t } = useTranslation();
  const numbers = body.fields.filter(
    (x) => ["number", "money", "rating", "formula"].includes(x.type) && x.key !== f.key,
  );
  const columns = body.fields
    .filter((x) => x.type === "rows")
    .flatMap((r) =>
      (r.fields ?? []).filter((c) => c.type === "number" || c.type === "money").map((c) => ({ r, c })),
    );
  const add = (s: string) => patch({ formula: `${f.formula === "0" ? "" : (f.formula ?? "")}${s}` });
  return (
    <Row name={t("design.formula")} about={t("design.formulaAbout")}>
      <Input
        id="prop-formula"
        value={f.formula ?? ""}
        onChange={(e) => patch({ formula: e.target.value }, "formula")}
      />
      <div className="work-phrases">
        {numbers.map((x) => (
          <Button key={x.key} size="small" onClick={() => add(x.key)}>
            {say(x.label)}
          </Button>
        ))}
        {columns.map(({ r, c }) => (
          <Button key={`${r.key}.${c.key}`} size="small" onClick={() => add(`sum(${r.key}.${c.key})`)}>
            {t("design.sumOf", { what: `${say(r.label)} · ${say(c.label)}` })}
          </Button>
        ))}
        {["+", "-", "*", "/", "(", ")"].map((s) => (
          <Button key={s} size="small" onClick={() => add(` ${s} `)}>
            {s}
          </Button>
        ))}
      </div>
      <Segmented
        value={f.result === "money" ? "money" : "number"}
        onChange={(v) => patch({ result: v === "money" ? "money" : undefined })}
        options={[
          { value: "number", label: t("design.types.number") },
          { value: "money", label: t("design.types.money") },
        ]}
      />
    </Row>
  );
}
