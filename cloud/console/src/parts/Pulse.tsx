import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useBuilding, useOverview } from "../api/queries";
import { say } from "../i18n";
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
              {b.devices.flatMap((d) =>
                d.points
                  .filter((p) => p.alarm && !p.enum)
                  .map((p) => (
                    <li key={p.id}>
                      <Link to={`/points/${p.edge}/${p.id}`}>{say(p.name)}</Link>
                      <Value point={p} />
                      <small>{say(d.name)}</small>
                    </li>
                  )),
              )}
            </ul>
          </>
        )}
      </Loaded>
    </section>
  );
}
