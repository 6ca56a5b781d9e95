import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { say } from "../../i18n";
import type { Doc } from "../work/api";
import { FormFields } from "../work/FormFields";
import type { Body } from "./formedit";

const none = {};

/** Preview is the form to be tried, as on a phone or on a desk. Nothing is sent. */
export function Preview({ body }: { body: Body }) {
  const { t } = useTranslation();
  const [on, setOn] = useState<"phone" | "desk">("phone");
  const [doc, setDoc] = useState<Doc>({});
  return (
    <div className="design-preview">
      <Segmented
        value={on}
        onChange={setOn}
        options={(["phone", "desk"] as const).map((v) => ({ value: v, label: t(`design.on.${v}`) }))}
      />
      <div className={on === "phone" ? "design-phone" : "design-desk"} id="preview">
        <h2>{say(body.title)}</h2>
        {body.description && <p className="quiet">{say(body.description)}</p>}
        <FormFields
          fields={body.fields}
          write={(f) => !f.read_only}
          doc={doc}
          set={(k, v) => setDoc((d) => ({ ...d, [k]: v }))}
          problems={none}
        />
      </div>
      <p className="quiet">{t("design.previewAbout")}</p>
    </div>
  );
}
