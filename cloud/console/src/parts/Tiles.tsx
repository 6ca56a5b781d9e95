import { useTranslation } from "react-i18next";
import { useOverview } from "../api/queries";
import type { BuildingTile } from "../api/types";
import { say } from "../i18n";
import { Shape } from "./marks";
import { Empty, Loaded } from "./states";

/** Tiles is the community at a glance: one tile a building, quiet unless something is wrong or unknown. */
export function Tiles({ onPick }: { onPick: (id: string) => void }) {
  const { t } = useTranslation();
  const overview = useOverview();
  return (
    <>
      <h2>{t("console.buildings")}</h2>
      <Loaded query={overview}>
        {(o) => (
          <div className="tiles">
            {o.buildings.length === 0 && <Empty>{t("fleet.none")}</Empty>}
            {o.buildings.map((b) => (
              <Tile key={b.id} b={b} onPick={() => onPick(b.id)} />
            ))}
          </div>
        )}
      </Loaded>
    </>
  );
}

function Tile({ b, onPick }: { b: BuildingTile; onPick: () => void }) {
  const { t } = useTranslation();
  const unknown = b.state === "unknown" || b.state === "lost";
  return (
    <button
      type="button"
      className={`tile ${b.worst} ${unknown ? "hatch" : ""}`}
      data-building={b.id}
      data-state={b.state}
      onClick={onPick}
    >
      <b>{say(b.name)}</b>
      <span className="shapes">
        <Shape severity={b.worst} />
        {unknown && <span className="shape">?</span>}
      </span>
      <small>
        {b.state === "lost"
          ? t("console.tileLost")
          : b.open_alarms > 0
            ? t("console.tileAlarms", { n: b.open_alarms })
            : b.unknown_points > 0
              ? t("console.tileUnknown", { n: b.unknown_points })
              : t("console.tileOk")}
      </small>
    </button>
  );
}
