import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { say } from "../../i18n";
import { floorName } from "../../parts/format";
import { type Grade, grades, hazardsAt, type Spot, type Summary } from "./api";

/** GradeMark says a grade by colour and shape; a word stands beside it, or in its title. */
export function GradeMark({ grade }: { grade: string }) {
  return <i className={`risk-mark is-${grade}`} aria-hidden="true" />;
}

/** GradeTag says a grade by colour, shape and word. */
export function GradeTag({ grade }: { grade: string }) {
  const { t } = useTranslation();
  if (!grade) return <span className="quiet">{t("risks.none")}</span>;
  return (
    <span className={`risk-tag is-${grade}`} data-grade={grade}>
      <GradeMark grade={grade} />
      {t(`risks.grade.${grade as Grade}`)}
    </span>
  );
}

/** Counts are the numbers of each grade there is, each with its shape. */
export function Counts({ of }: { of: Record<string, number> }) {
  const { t } = useTranslation();
  return (
    <span className="risk-counts">
      {grades
        .filter((g) => (of[g] ?? 0) > 0)
        .map((g) => (
          <span key={g} title={t(`risks.grade.${g}`)}>
            <GradeMark grade={g} />
            <span className="unseen">{t(`risks.short.${g}`)}</span>
            {of[g]}
          </span>
        ))}
    </span>
  );
}

/** HazardCount leads to the hazards at a place that are not closed. */
export function HazardCount({ of, sees }: { of: Spot | undefined; sees: boolean }) {
  const { t } = useTranslation();
  if (!sees || !of) return <span className="quiet">—</span>;
  if (of.hazards === 0) return <span className="quiet">0</span>;
  return (
    <Link
      to={hazardsAt(of.place)}
      className="risk-hazards"
      title={t("risks.hazardHere", { n: of.hazards })}
      onClick={(e) => e.stopPropagation()}
    >
      {t("risks.hazardCount", { count: of.hazards })}
    </Link>
  );
}

/** spotTitle names a tile: the building, or the grounds outside of all. */
export const spotTitle = (s: Spot, t: TFunction) =>
  s.place.includes("/") ? say(s.name) : `${say(s.name)} ${t("risks.outside")}`;

/** buildingOf is the part of a place's path that names its building, or its community. */
export const buildingOf = (path: string) => path.split("/").slice(0, 2).join("/");

/** within says a place inside its building. */
export function withinName(s: Spot): string {
  return [s.floor === undefined ? "" : floorName(s.floor), say(s.name)].filter(Boolean).join(" ");
}

/** placeName says a path in words, of what the summary knows. */
export function placeName(sum: Summary, path: string): string {
  const building = sum.buildings.find((b) => b.place === buildingOf(path));
  const spot = sum.places.find((p) => p.place === path);
  const deep = path.split("/").length > 2;
  return [building ? say(building.name) : buildingOf(path), deep && spot && withinName(spot)]
    .filter(Boolean)
    .join(" ");
}
