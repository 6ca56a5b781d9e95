import { useTranslation } from "react-i18next";
import { say } from "../../i18n";
import { day } from "../../parts/format";
import { useQuery } from "@tanstack/react-query";
import { get } from "../../api/client";
import { type FormRecord, idOf, type RecordPage } from "../work/api";
import { named } from "../work/names";
import { condition, grades, type Look, riskKey, type Summary } from "./api";
import { Counts, GradeTag, placeName, spotTitle } from "./marks";
import { basis } from "./RiskTable";

/** useGrave reads all of the grave risks: paper has no second page to ask for. */
const useGrave = (filter: string) =>
  useQuery({
    queryKey: [...riskKey, "grave", filter],
    queryFn: async () => {
      const rows: FormRecord[] = [];
      let page: RecordPage = { records: [], next: "", total: 0, standing: null };
      do {
        const after = page.next && `&after=${encodeURIComponent(page.next)}`;
        page = await get<RecordPage>(
          `/api/forms/risk/records?limit=200&sort=grade_order&filter=${encodeURIComponent(filter)}${after}`,
        );
        rows.push(...page.records);
      } while (page.next && rows.length < 2000);
      return { rows, total: page.total };
    },
    staleTime: 30_000,
  });

/** PrintSheet is the notice to be put up: the map, its legend, and the grave risks with who answers for them. Only paper shows it. */
export function PrintSheet({ sum, look }: { sum: Summary; look: Look }) {
  const { t } = useTranslation();
  const grave = {
    op: "and",
    args: [
      condition({ ...look, grade: "", cell: "", score: "", only: "" }),
      { op: "in", l: { f: "grade" }, r: { v: ["red", "orange"] } },
    ],
  };
  const { rows, total } = useGrave(JSON.stringify(grave)).data ?? { rows: [], total: 0 };
  const community = [...new Set(sum.buildings.map((b) => say(b.community)).filter(Boolean))].join("、");
  return (
    <div className="risk-sheet" aria-hidden="true">
      <h1>
        {community} {t("risks.printTitle")}
      </h1>
      <p>
        {t("risks.legend")}：
        {grades.map((g) => (
          <GradeTag key={g} grade={g} />
        ))}{" "}
        {t("risks.printDate", { day: day(sum.at) })}
      </p>
      <div className="risk-sheet-map">
        {sum.buildings.map((b) => (
          <div key={b.place} className={`risk-tile is-${b.worst ?? "none"}`}>
            <span className="risk-roof" />
            <b>{spotTitle(b, t)}</b>
            <span>{b.worst ? t(`risks.grade.${b.worst as "red"}`) : t("risks.none")}</span>
            <Counts of={b.counts} />
          </div>
        ))}
      </div>
      <h2>{t("risks.printNotice")}</h2>
      {rows.length === 0 && <p>{t("risks.printNone")}</p>}
      <table>
        <thead>
          <tr>
            {(["level", "point", "place", "basis", "measures", "control", "owner"] as const).map((k) => (
              <th key={k}>{t(`risks.${k}`)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((r) => (
            <tr key={r.id}>
              <td>
                <GradeTag grade={idOf(r.doc.grade)} />
              </td>
              <td>{String(r.doc.point ?? "")}</td>
              <td>{placeName(sum, String(r.doc.place ?? ""))}</td>
              <td>{basis(r.doc)}</td>
              <td>
                {["engineering", "management", "emergency"]
                  .map((k) => r.doc[k])
                  .filter(Boolean)
                  .join("；")}
              </td>
              <td>{idOf(r.doc.control) && t(`risks.controls.${idOf(r.doc.control) as "team"}`)}</td>
              <td>{r.doc.owner ? named(r.doc.owner) : t("risks.nobody")}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {total > rows.length && <p>{t("risks.printMore", { n: total - rows.length })}</p>}
    </div>
  );
}
