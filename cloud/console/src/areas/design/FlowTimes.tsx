import { useQuery } from "@tanstack/react-query";
import { Input, Segmented } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { get } from "../../api/client";
import type { components } from "../../api/schema.gen";
import { say } from "../../i18n";
import { age, instant, wall } from "../../parts/format";
import { Page } from "../../parts/Page";
import { Empty, Loaded } from "../../parts/states";
import "../work/work.css";
import "./flowtimes.css";

type Times = components["schemas"]["FlowTimes"];
type NodeTimes = NonNullable<Times["nodes"]>[number];

const day = 86_400_000;
const lengths = [7, 30, 90, 365];

/** span is the time asked for, in whole days of the community: the last 30 if nothing was chosen. */
function span(params: URLSearchParams, now: number) {
  const today = wall(now).slice(0, 10);
  const to = params.get("to") ?? today;
  const length = Number(params.get("days")) || 30;
  const from =
    params.get("from") ?? wall(instant(today).getTime() - (length - 1) * day + day / 2).slice(0, 10);
  const after = wall(instant(to).getTime() + 1.5 * day).slice(0, 10); // past midnight, whatever the clocks do
  return {
    from,
    to,
    length: params.get("from") || params.get("to") ? "own" : String(length),
    query: `from=${encodeURIComponent(instant(from).toISOString())}&to=${encodeURIComponent(instant(after).toISOString())}`,
  };
}

/** FlowTimes says where a flow's time goes, step by step. */
export function FlowTimes() {
  const { t } = useTranslation();
  const { id = "" } = useParams();
  const [params, setParams] = useSearchParams();
  const { from, to, length, query } = span(params, Date.now());
  const times = useQuery({
    queryKey: ["flow-times", id, query],
    queryFn: () => get<Times>(`/api/flow-times/${id}?${query}`),
  });
  const own = (patch: { from?: string; to?: string }) => setParams({ from, to, ...patch }, { replace: true });
  return (
    <Page
      title={
        <>
          <Link to="/workbench">{t("flowtimes.workbench")}</Link> / {say(times.data?.title) || id}
        </>
      }
      about={t("flowtimes.about")}
    >
      <div className="work-filters">
        <Segmented
          value={length}
          options={[...lengths.map(String), ...(length === "own" ? ["own"] : [])].map((n) => ({
            value: n,
            label: t(`flowtimes.days.${n}`),
          }))}
          onChange={(n) => n !== "own" && setParams({ days: n }, { replace: true })}
        />
        <Input
          type="date"
          aria-label={t("flowtimes.from")}
          value={from}
          max={to}
          onChange={(e) => e.target.value && own({ from: e.target.value })}
        />
        <Input
          type="date"
          aria-label={t("flowtimes.to")}
          value={to}
          min={from}
          onChange={(e) => e.target.value && own({ to: e.target.value })}
        />
      </div>
      <Loaded query={times} lines={8}>
        {(d) =>
          (d.nodes ?? []).every((n) => n.visits + n.open === 0) ? (
            <Empty>{t("flowtimes.none")}</Empty>
          ) : (
            <Bars form={d.form} nodes={d.nodes ?? []} />
          )
        }
      </Loaded>
    </Page>
  );
}

function Bars({ form, nodes }: { form: string; nodes: NodeTimes[] }) {
  const { t } = useTranslation();
  const longest = Math.max(1, ...nodes.map((n) => n.p90_seconds));
  const width = (s: number) => ({ width: `${(100 * s) / longest}%` });
  const took = (n: NodeTimes, s: number) => (n.visits > 0 ? age(t, s * 1000) : "—");
  return (
    <section className="work-box">
      <p className="quiet">{t("flowtimes.key")}</p>
      <div className="work-scroll">
        <table className="work-table flow-times" id="flow-times">
          <thead>
            <tr>
              <th>{t("flowtimes.node")}</th>
              <th className="flow-bar" />
              <th>{t("flowtimes.median")}</th>
              <th>{t("flowtimes.p90")}</th>
              <th>{t("flowtimes.done")}</th>
              <th>{t("flowtimes.open")}</th>
              <th>{t("flowtimes.late")}</th>
              <th>{t("flowtimes.rework")}</th>
            </tr>
          </thead>
          <tbody>
            {nodes.map((n) => {
              const late = n.late + n.overdue;
              const all = n.visits + n.open;
              return (
                <tr key={n.node}>
                  <td>{say(n.name) || n.node}</td>
                  <td className="flow-bar">
                    <span
                      role="img"
                      aria-label={t("flowtimes.bar", {
                        median: took(n, n.median_seconds),
                        p90: took(n, n.p90_seconds),
                      })}
                    >
                      <i style={width(n.p90_seconds)} />
                      <i style={width(n.median_seconds)} />
                    </span>
                  </td>
                  <td>{took(n, n.median_seconds)}</td>
                  <td>{took(n, n.p90_seconds)}</td>
                  <td>{n.visits}</td>
                  <td>
                    {n.open > 0 ? (
                      <Link to={`/forms/${form}?node=${encodeURIComponent(n.node)}`}>{n.open}</Link>
                    ) : (
                      0
                    )}
                  </td>
                  <td className={late > 0 ? "late" : "quiet"} title={t("flowtimes.lateOf", { n: late, all })}>
                    {all > 0 ? `${Math.round((100 * late) / all)}%` : "—"}
                  </td>
                  <td className="quiet">{n.rework}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
