import { useTranslation } from "react-i18next";
import { Empty } from "../../parts/states";
import type { Look, Spot, Summary } from "./api";
import {
  buildingOf,
  Counts,
  GradeMark,
  GradeTag,
  HazardCount,
  placeName,
  spotTitle,
  withinName,
} from "./marks";

/** BuildingMap is every building as a tile in the colour of its gravest risk. */
export function BuildingMap({
  sum,
  look,
  set,
}: {
  sum: Summary;
  look: Look;
  set: (patch: Partial<Look>) => void;
}) {
  const { t } = useTranslation();
  const chosen = look.place ? buildingOf(look.place) : "";
  return (
    <section className="card" aria-label={t("risks.map")}>
      <h2>{t("risks.map")}</h2>
      <div className="risk-map" id="risk-map">
        {sum.buildings.map((b) => (
          <Tile
            key={b.place}
            b={b}
            sees={sum.sees_hazards}
            chosen={b.place === chosen}
            pick={() => set({ place: b.place === look.place ? "" : b.place, cell: "", score: "" })}
          />
        ))}
      </div>
      <p className="quiet">{t("risks.mapAbout")}</p>
    </section>
  );
}

function Tile({ b, sees, chosen, pick }: { b: Spot; sees: boolean; chosen: boolean; pick: () => void }) {
  const { t } = useTranslation();
  const common = !b.place.includes("/");
  return (
    <button
      type="button"
      className={`risk-tile is-${b.worst ?? "none"} ${common ? "common" : ""}`}
      data-building={b.place}
      data-grade={b.worst ?? ""}
      aria-pressed={chosen}
      onClick={pick}
    >
      <span className="risk-roof" />
      <b>{spotTitle(b, t)}</b>
      <span className="risk-worst">
        {b.worst ? (
          <>
            <GradeMark grade={b.worst} /> {t(`risks.short.${b.worst as "red"}`)}
          </>
        ) : (
          t("risks.none")
        )}
      </span>
      <Counts of={b.counts} />
      {sees && b.hazards > 0 && <small>{t("risks.hazardCount", { count: b.hazards })}</small>}
    </button>
  );
}

/** Floors are the places of the chosen building from the top down, each in its colour. */
export function Floors({
  sum,
  look,
  set,
}: {
  sum: Summary;
  look: Look;
  set: (patch: Partial<Look>) => void;
}) {
  const { t } = useTranslation();
  const building = sum.buildings.find((b) => b.place === buildingOf(look.place));
  if (!look.place || !building) return <Gravest sum={sum} set={set} />;
  const high = (s: Spot) => s.floor ?? Number.NEGATIVE_INFINITY;
  const spots = sum.places
    .filter((p) => buildingOf(p.place) === building.place)
    .sort((a, b) => high(b) - high(a) || a.place.localeCompare(b.place));
  return (
    <section className="card risk-floors" id="risk-floors">
      <h2>{t("risks.floors", { where: spotTitle(building, t) })}</h2>
      {spots.length === 0 && <Empty>{t("risks.noPlaces")}</Empty>}
      <ul>
        {spots.map((s) => (
          <li key={s.place} className={`is-${s.worst}`} data-place={s.place}>
            <button
              type="button"
              aria-pressed={s.place === look.place}
              onClick={() =>
                set({ place: s.place === look.place ? building.place : s.place, cell: "", score: "" })
              }
            >
              <b>
                {s.floor === undefined
                  ? t(s.place.includes("/") ? "risks.whole" : "risks.wholeCommunity")
                  : withinName(s)}
              </b>
              <GradeTag grade={s.worst ?? ""} />
            </button>
            <span className="risk-spot">
              <Counts of={s.counts} />
              {s.overdue > 0 && (
                <span className="risk-late">
                  {t("risks.overdue")} {s.overdue}
                </span>
              )}
              {s.hazards > 0 && <HazardCount of={s} sees={sum.sees_hazards} />}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Gravest are the gravest places of all, while no building is chosen. */
function Gravest({ sum, set }: { sum: Summary; set: (patch: Partial<Look>) => void }) {
  const { t } = useTranslation();
  const worst = sum.places.slice(0, 8);
  return (
    <section className="card risk-floors">
      <h2>{t("risks.gravest")}</h2>
      <ul>
        {worst.map((s) => (
          <li key={s.place} className={`is-${s.worst}`}>
            <button type="button" onClick={() => set({ place: s.place, cell: "", score: "" })}>
              <b>{placeName(sum, s.place)}</b>
              <GradeTag grade={s.worst ?? ""} />
            </button>
          </li>
        ))}
      </ul>
      <p className="quiet">{t("risks.pickBuilding")}</p>
    </section>
  );
}
