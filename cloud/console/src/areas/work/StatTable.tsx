import { useTranslation } from "react-i18next";

interface Props {
  head: string;
  label: string;
  rows: string[];
  /** none without a second dimension */
  columns?: string[];
  values: (number | null)[][];
  totals: { rows?: (number | null)[]; columns?: (number | null)[]; all: number | null };
  shares: boolean;
  drill: (row: number | undefined, column: number | undefined) => void;
}

const number = (v: number | null) =>
  v === null ? "—" : v.toLocaleString("en-US", { maximumFractionDigits: 2 }).replaceAll(",", "\u202f");

/** StatTable is the numbers of a chart with their totals; each leads to its records. */
export function StatTable({ head, label, rows, columns, values, totals, shares, drill }: Props) {
  const { t } = useTranslation();
  const value = (v: number | null, r: number | undefined, c: number | undefined) =>
    v === null ? (
      <span className="quiet">—</span>
    ) : (
      <button type="button" className="work-number" onClick={() => drill(r, c)}>
        {number(v)}
      </button>
    );
  return (
    <div className="work-scroll">
      <table className="work-table work-stat-table" id="stat-table">
        <thead>
          <tr>
            <th>{head}</th>
            {columns ? columns.map((c, i) => <th key={i}>{c}</th>) : <th>{label}</th>}
            {columns && <th>{t("lists.stats.total")}</th>}
            {shares && <th>{t("lists.stats.share")}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map((name, r) => (
            <tr key={r}>
              <th scope="row">{name}</th>
              {(values[r] ?? []).map((v, c) => (
                <td key={c}>{value(v, r, columns ? c : undefined)}</td>
              ))}
              {totals.rows && <td>{value(totals.rows[r] ?? null, r, undefined)}</td>}
              {shares && (
                <td className="quiet">
                  {totals.all ? `${((100 * (values[r]?.[0] ?? 0)) / totals.all).toFixed(1)}%` : "—"}
                </td>
              )}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{t("lists.stats.total")}</th>
            {totals.columns?.map((v, c) => (
              <td key={c}>{value(v, undefined, c)}</td>
            ))}
            <td>{number(totals.all)}</td>
            {shares && <td className="quiet">100%</td>}
          </tr>
        </tfoot>
      </table>
    </div>
  );
}
