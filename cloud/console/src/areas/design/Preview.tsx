import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { say } from "../../i18n";
import { useSession } from "../../parts/session";
import { beginning, useFilling } from "../work/filling";
import { FormFields } from "../work/FormFields";
import type { Body } from "./formedit";

/** Preview is the form to be tried, as on a phone or on a desk. Nothing is sent. */
export function Preview({ body }: { body: Body }) {
  const { t } = useTranslation();
  const [on, setOn] = useState<"phone" | "desk">("phone");
  const { me } = useSession();
  const form = useFilling(body.fields, () => beginning(body, me.id));
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
        <FormFields form={form} write={() => true} />
      </div>
      <p className="quiet">{t("design.previewAbout")}</p>
    </div>
  );
}
