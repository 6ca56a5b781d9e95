import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { bring, say } from "../../i18n";
import type { Form } from "../../form/form";
import { score, useCatalogue } from "../hazards/api";
import { idOf } from "../work/api";
import { GradeTag } from "./marks";
import { en, zh } from "./words";
import "./risks.css";

bring("risks", { zh, en }); // it also stands in forms, outside this area

/** Live is the score and the grade as the factors are chosen; the server's word counts when it is saved. */
export function Live({ form }: { form: Form }) {
  const { t } = useTranslation();
  const catalogue = useCatalogue().data;
  const paths = form.fields
    .filter((f) => f.key === "scheme" || /^(lec|ls)_[a-z]$/.test(f.key))
    .map((f) => f.key);
  const key = paths.join(" ");
  const subscribe = useCallback(
    (fn: () => void) => {
      const ends = key.split(" ").map((p) => form.subscribe(p, fn));
      return () => {
        for (const end of ends) end();
      };
    },
    [form, key],
  );
  const doc = JSON.parse(
    useSyncExternalStore(subscribe, () => JSON.stringify(paths.map((p) => [p, idOf(form.doc[p])]))),
  ) as [string, string][];
  const chosen = Object.fromEntries(doc);
  const scheme = catalogue?.schemes?.find((s) => s.id === chosen.scheme);
  const values: Record<string, number> = {};
  for (const f of scheme?.factors ?? []) {
    const v = chosen[`${scheme?.id}_${f.id}`];
    if (v) values[f.id] = Number(v);
  }
  const is = scheme && score(scheme, values);
  const grade = catalogue?.grades?.find((g) => g.id === is?.grade);
  const proposal = grade?.control ?? "";
  const last = useRef(proposal);
  useEffect(() => {
    // what was proposed follows the grade; what somebody has chosen otherwise stays
    const now = idOf(form.doc.control);
    if (proposal && proposal !== last.current && (now === "" || now === last.current))
      form.set("control", proposal);
    if (proposal) last.current = proposal;
  }, [form, proposal]);
  return (
    <div className="work-field wide risk-live" role="status" id="risk-live" data-grade={is?.grade ?? ""}>
      <label>{t("risks.live")}</label>
      {is && grade ? (
        <p>
          <b>{is.value}</b> <GradeTag grade={is.grade} />{" "}
          {t("risks.liveControl", { who: say(grade.controlled_by) })}{" "}
          <small className="quiet">{t("risks.liveServer")}</small>
        </p>
      ) : (
        <p className="quiet">{t("risks.liveWait")}</p>
      )}
    </div>
  );
}
