import { useQuery } from "@tanstack/react-query";
import { Button, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { get } from "../../api/client";
import { say } from "../../i18n";
import type { FormOpen } from "../work/api";
import { useDocuments } from "./api";
import type { Own } from "./FieldProps";
import { Row, Toggle } from "./inputs";

/** LinkProps sets which form's records a field names, what it shows of them and what it fills in. */
export function LinkProps({ f, body, patch }: Own) {
  const { t } = useTranslation();
  const forms = (useDocuments("form").data ?? []).filter((d) => d.current > 0);
  const there = useQuery({
    queryKey: ["form", f.form],
    queryFn: () => get<FormOpen>(`/api/forms/${f.form}`),
    enabled: !!f.form,
  }).data?.def.fields.filter((x) => !["section", "divider", "description", "rows"].includes(x.type));
  const names = (there ?? []).map((x) => ({ value: x.key, label: say(x.label) }));
  const fill = Object.entries(f.fill ?? {});
  const here = body.fields.filter(
    (x) => x.key !== f.key && !["section", "divider", "description", "rows"].includes(x.type),
  );
  return (
    <>
      <Row name={t("design.linkForm")}>
        <Select
          id="prop-link-form"
          placeholder={t("work.choose")}
          value={f.form}
          onChange={(form) => patch({ form, show: undefined, fill: undefined })}
          options={forms.map((d) => ({ value: d.key, label: say(d.title) || d.key }))}
        />
      </Row>
      <Row
        name={t("design.linkMode")}
        about={t(`design.linkModes.${f.mode === "live" ? "liveAbout" : "snapshotAbout"}`)}
      >
        <Segmented
          value={f.mode === "live" ? "live" : "snapshot"}
          onChange={(v) => patch({ mode: v as "live" | "snapshot" })}
          options={["snapshot", "live"].map((m) => ({ value: m, label: t(`design.linkModes.${m}`) }))}
        />
      </Row>
      <Row name={t("design.linkShow")}>
        <Select mode="multiple" value={f.show ?? []} onChange={(show) => patch({ show })} options={names} />
      </Row>
      <Row name={t("design.linkFill")} about={t("design.linkFillAbout")}>
        {fill.map(([to, from]) => (
          <span key={to} className="design-fill">
            {say(here.find((x) => x.key === to)?.label)} ←
            <Select value={from} options={names} onChange={(v) => patch({ fill: { ...f.fill, [to]: v } })} />
            <Button
              size="small"
              type="text"
              aria-label={t("design.remove")}
              onClick={() => patch({ fill: Object.fromEntries(fill.filter(([k]) => k !== to)) })}
            >
              ✕
            </Button>
          </span>
        ))}
        <Select
          placeholder={t("design.addFill")}
          value={null}
          options={here
            .filter((x) => !(x.key in (f.fill ?? {})))
            .map((x) => ({ value: x.key, label: say(x.label) }))}
          onChange={(to: string | null) =>
            to && names[0] && patch({ fill: { ...f.fill, [to]: names[0].value } })
          }
        />
      </Row>
      <Toggle name={t("design.linkMany")} value={f.many} set={(v) => patch({ many: v })} />
    </>
  );
}
