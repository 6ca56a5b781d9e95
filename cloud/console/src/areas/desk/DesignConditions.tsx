import { useState } from "react";
import { ConditionEditor } from "../../cond/ConditionEditor";
import type { Field } from "../../cond/fields";
import type { Expr } from "../../cond/types";

const option = (id: string, zh: string, en: string) => ({ id, label: { zh, en } });

const fields: Field[] = [
  {
    key: "level",
    kind: "option",
    label: { zh: "隐患等级", en: "Level" },
    options: [
      option("major", "重大", "Major"),
      option("larger", "较大", "Considerable"),
      option("general", "一般", "General"),
    ],
  },
  { key: "title", kind: "text", label: { zh: "隐患描述", en: "What was found" } },
  { key: "cost", kind: "money", label: { zh: "整改费用", en: "Cost" } },
  { key: "due_at", kind: "instant", label: { zh: "整改期限", en: "Due" } },
  { key: "photos", kind: "file", label: { zh: "现场照片", en: "Photos" } },
  {
    key: "items",
    kind: "rows",
    label: { zh: "检查项", en: "Items" },
    columns: [{ key: "ok", kind: "bool", label: { zh: "是否正常", en: "Normal" } }],
  },
];

/** DesignConditions is the condition editor on the fields of a hazard report. */
export function DesignConditions() {
  const [value, setValue] = useState<Expr | null>({
    op: "and",
    args: [
      { op: "eq", l: { f: "level" }, r: { v: "major" } },
      { op: "within_next", l: { f: "due_at" }, r: { v: "24h" } },
    ],
  });
  return (
    <div id="design-condition" data-condition={JSON.stringify(value)}>
      <ConditionEditor value={value} onChange={setValue} fields={fields} />
    </div>
  );
}
