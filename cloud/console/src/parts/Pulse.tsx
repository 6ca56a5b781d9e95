import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useBuilding, useOverview } from "../api/queries";
import type { BuildingDetail } from "../api/types";
import { say } from "../i18n";
import { credible } from "./format";
import { Value } from "./marks";
import { Empty, Loaded } from "./states";

/** Pulse shows while nothing is selected that the building is really being watched: its moving values, with their age. */
export function Pulse({ building }: { building: string }) {
  const { t } = useTranslation();
  const first = useOverview().data?.buildings[0]?.id ?? "";
  const id = building || first;
  return (
    <>
      <Empty>{t("console.select")}</Empty>
      {id && <Readings id={id} />}
    </>
  );
}

const most = 10;

/** moving are the values of a building's alarm points; those that are not known stand first. */
const moving = (b: BuildingDetail) =>
  b.devices
    .flatMap((d) => d.points.filter((p) => p.alarm && !p.enum).map((p) => ({ d, p })))
    .sort((x, y) => Number(credible(x.p.quality)) - Number(credible(y.p.quality)));

function Readings({ id }: { id: string }) {
  const { t } = useTranslation();
  return (
    <section className="pulse">
      <Loaded query={useBuilding(id)}>
        {(b) => (
          <>
            <h2>
              {t("console.pulse")} · {say(b.building.name)}
            </h2>
            <ul>
              {moving(b)
                .slice(0, most)
                .map(({ d, p }) => (
                  <li key={p.id}>
                    <Link to={`/points/${p.edge}/${p.id}`}>{say(p.name)}</Link>
                    <Value point={p} />
                    <small>{say(d.name)}</small>
                  </li>
                ))}
            </ul>
            {moving(b).length > most && (
              <p className="quiet">{t("desk.morePoints", { n: moving(b).length - most })}</p>
            )}
          </>
        )}
      </Loaded>
    </section>
  );
}
