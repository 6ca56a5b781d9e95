import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { say } from "../../i18n";
import type { Field, FormOpen, Standing } from "./api";

/** standingFields are the columns of lists whose form has a flow: where it stands, with whom. */
export function standingFields(t: TFunction, nodes: FormOpen["nodes"]): Field[] {
  if (!nodes?.length) return [];
  const column = (key: string, name: string) =>
    ({ key, type: "standing", label: { zh: name, en: name } }) as unknown as Field;
  return [column("_node", t("lists.at")), column("_handler", t("lists.withWhom"))];
}

/** StandingValue says where an open flow stands, or with whom. */
export function StandingValue({ column, at }: { column: string; at: Standing | undefined }) {
  const { t } = useTranslation();
  const words =
    column === "_node"
      ? (at?.nodes ?? []).map((n) => say(n.name) || n.id)
      : (at?.handlers ?? []).map((p) => p.name);
  return words.length > 0 ? <>{words.join("、")}</> : <span className="quiet">{t("work.empty")}</span>;
}
