import { useTranslation } from "react-i18next";
import { type Catalogue, score } from "../hazards/api";
import { bands, type Look, type Summary } from "./api";
import { GradeMark, GradeTag } from "./marks";

interface Props {
  sum: Summary;
  catalogue: Catalogue | undefined;
  look: Look;
  set: (patch: Partial<Look>) => void;
}

const steps = [1, 2, 3, 4, 5];

/** Matrix is likelihood against severity, each cell in the colour of its grade, with how many risks are in it. */
export function Matrix({ sum, catalogue, look, set }: Props) {
  const { t } = useTranslation();
  const scheme = catalogue?.schemes?.find((s) => s.id === "ls");
  const counts = new Map(sum.matrix.map((c) => [`${c.l}-${c.s}`, c.n]));
  return (
    <section className="card" aria-label={t("risks.matrix")}>
      <h2>{t("risks.matrix")}</h2>
      <table className="risk-matrix" id="risk-matrix">
        <tbody>
          {[...steps].reverse().map((s) => (
            <tr key={s}>
              <th scope="row">
                {s === 3 && <span className="risk-axis">{t("risks.severity")}</span>} {s}
              </th>
              {steps.map((l) => {
                const id = `${l}-${s}`;
                const n = counts.get(id) ?? 0;
                const is = scheme && score(scheme, { l, s });
                const grade = is?.grade ?? "";
                const words = t("risks.cell", {
                  l,
                  s,
                  d: l * s,
                  n,
                  grade: grade && t(`risks.grade.${grade as "red"}`),
                });
                return (
                  <td key={l}>
                    <button
                      type="button"
                      className={`risk-cell is-${grade} ${n > 0 ? "some" : ""}`}
                      data-cell={id}
                      aria-pressed={look.cell === id}
                      aria-label={words}
                      title={words}
                      disabled={n === 0}
                      onClick={() => set({ cell: look.cell === id ? "" : id, score: "" })}
                    >
                      <small>{l * s}</small>
                      {n > 0 && <b>{n}</b>}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td />
            {steps.map((l) => (
              <th key={l} scope="col">
                {l}
              </th>
            ))}
          </tr>
          <tr>
            <td />
            <td colSpan={5} className="quiet">
              {t("risks.likelihood")} →
            </td>
          </tr>
        </tfoot>
      </table>
      <p className="quiet">{t("risks.matrixAbout")}</p>
    </section>
  );
}

/** Distribution is how many risks have which LEC score, under its grade. */
export function Distribution({ sum, look, set }: Props) {
  const { t } = useTranslation();
  const rows = bands(sum.scores);
  const most = Math.max(1, ...rows.map((r) => r.n));
  return (
    <section className="card" aria-label={t("risks.lec")}>
      <h2>{t("risks.lec")}</h2>
      <ul className="risk-bands" id="risk-bands">
        {rows.map((r) => (
          <li key={r.grade}>
            <GradeTag grade={r.grade} />
            <span className={`risk-bar is-${r.grade}`}>
              <i style={{ width: `${(100 * r.n) / most}%` }} />
            </span>
            <b className="nums">{t("risks.n", { n: r.n })}</b>
            <span className="risk-scores">
              {r.scores.map((s) => (
                <button
                  key={s.score}
                  type="button"
                  data-score={s.score}
                  aria-pressed={look.score === String(s.score)}
                  aria-label={t("risks.score", { d: s.score, n: s.n, grade: t(`risks.grade.${r.grade}`) })}
                  onClick={() =>
                    set({ score: look.score === String(s.score) ? "" : String(s.score), cell: "" })
                  }
                >
                  <GradeMark grade={r.grade} /> {s.score} <small>×{s.n}</small>
                </button>
              ))}
            </span>
          </li>
        ))}
      </ul>
      <p className="quiet">{t("risks.lecAbout")}</p>
    </section>
  );
}
