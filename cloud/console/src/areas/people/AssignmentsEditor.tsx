import { Button, Select } from "antd";
import { useTranslation } from "react-i18next";
import { say } from "../../i18n";
import { type Assignment, usePlaces, useRoles } from "./api";

/** AssignmentsEditor edits which roles are played where; it is a form's control. */
export function AssignmentsEditor({
  value = [],
  onChange,
  disabled,
}: {
  value?: Assignment[];
  onChange?: (v: Assignment[]) => void;
  disabled?: boolean;
}) {
  const { t } = useTranslation();
  const roles = useRoles().data?.roles ?? [];
  const places = usePlaces(t("people.sheet.everywhere"));
  const change = (i: number, a: Partial<Assignment>) =>
    onChange?.(value.map((v, j) => (i === j ? { ...v, ...a } : v)));
  return (
    <div className="assignments">
      {value.map((a, i) => (
        <div key={i}>
          <Select
            aria-label={t("people.sheet.role")}
            disabled={disabled}
            value={a.role}
            onChange={(role) => change(i, { role })}
            options={roles.map((r) => ({ value: r.id, label: say(r.name) }))}
          />
          <Select
            aria-label={t("people.sheet.scope")}
            disabled={disabled}
            value={a.scope}
            onChange={(scope) => change(i, { scope })}
            showSearch={{ optionFilterProp: "label" }}
            options={
              places.options.some((o) => o.value === a.scope)
                ? places.options
                : [...places.options, { value: a.scope, label: places.name(a.scope) }]
            }
          />
          {!disabled && (
            <Button type="text" onClick={() => onChange?.(value.filter((_, j) => i !== j))}>
              {t("people.remove")}
            </Button>
          )}
        </div>
      ))}
      {value.length === 0 && <p className="quiet">{t("people.list.noPart")}</p>}
      {!disabled && (
        <Button type="dashed" onClick={() => onChange?.([...value, { role: "viewer", scope: "all" }])}>
          {t("people.sheet.addPart")}
        </Button>
      )}
    </div>
  );
}
