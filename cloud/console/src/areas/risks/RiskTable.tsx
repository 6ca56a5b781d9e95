import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { say } from "../../i18n";
import { Empty, Failed, Loading } from "../../parts/states";
import { type Dict, type FormRecord, idOf, useRecords } from "../work/api";
import { named } from "../work/names";
import { condition, type Look, type Summary } from "./api";
import { GradeTag, HazardCount, placeName } from "./marks";

/** basis says the sum behind a score: LEC 3×6×40 = 720. */
export function basis(doc: Record<string, unknown>): string {
  const scheme = idOf(doc.scheme);
  const factors = scheme === "ls" ? ["ls_l", "ls_s"] : ["lec_l", "lec_e", "lec_c"];
  return `${scheme.toUpperCase()} ${factors.map((f) => idOf(doc[f])).join("×")} = ${String(doc.score ?? "")}`;
}

/** RiskTable is the risks that the register's look leaves, gravest first. */
export function RiskTable({ sum, look, dict }: { sum: Summary; look: Look; dict: Dict | undefined }) {
  const { t } = useTranslation();
  const filter = encodeURIComponent(JSON.stringify(condition(look)));
  const list = useRecords("risk", `&filter=${filter}&sort=grade_order`);
  const rows = (list.data?.pages ?? []).flatMap((p) => p.records ?? []);
  const total = list.data?.pages[0]?.total;
  return (
    <section className="card" id="risk-list">
      <h2>
        {t("risks.list")} {total !== undefined && <small>{t("risks.total", { n: total })}</small>}
      </h2>
      {list.data === undefined ? (
        list.error ? (
          <Failed error={list.error} retry={() => void list.refetch()} />
        ) : (
          <Loading lines={6} />
        )
      ) : rows.length === 0 ? (
        <Empty>{t("risks.noMatch")}</Empty>
      ) : (
        <div className="risk-scroll">
          <table className="work-table">
            <thead>
              <tr>
                {(
                  [
                    "level",
                    "point",
                    "place",
                    "category",
                    "basis",
                    "control",
                    "owner",
                    "review",
                    "hazards",
                  ] as const
                ).map((k) => (
                  <th key={k}>{t(`risks.${k}`)}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((r) => (
                <Row key={r.id} r={r} sum={sum} dict={dict} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {list.hasNextPage && (
        <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
          {t("risks.more")}
        </Button>
      )}
    </section>
  );
}

function Row({ r, sum, dict }: { r: FormRecord; sum: Summary; dict: Dict | undefined }) {
  const { t } = useTranslation();
  const place = String(r.doc.place ?? "");
  const late = r.due_at !== undefined && Date.parse(r.due_at) < Date.now();
  const control = idOf(r.doc.control);
  return (
    <tr data-risk={r.id} className={late ? "late" : ""}>
      <td>
        <GradeTag grade={idOf(r.doc.grade)} />
      </td>
      <td>
        <Link to={`/forms/risk/records/${r.id}`}>{String(r.doc.point ?? r.no)}</Link>
      </td>
      <td>{placeName(sum, place)}</td>
      <td>{say(dict?.items.find((i) => i.code === r.doc.category)?.label)}</td>
      <td className="nums">{basis(r.doc)}</td>
      <td>{control && t(`risks.controls.${control as "team"}`, { defaultValue: control })}</td>
      <td>{r.doc.owner ? named(r.doc.owner) : <span className="quiet">{t("risks.nobody")}</span>}</td>
      <td>
        {String(r.doc.review ?? "—")} {late && <span className="risk-late">{t("risks.late")}</span>}
      </td>
      <td>
        <HazardCount of={sum.places.find((p) => p.place === place)} sees={sum.sees_hazards} />
      </td>
    </tr>
  );
}
