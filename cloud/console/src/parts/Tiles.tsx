import { useTranslation } from "react-i18next";
import { useOverview } from "../api/queries";
import type { BuildingTile } from "../api/types";
import { say } from "../i18n";
import { Shape } from "./marks";
import { Empty, Loaded } from "./states";

/** Tiles is the community at a glance: one tile a building, quiet unless something is wrong or unknown. */
export function Tiles({ onPick, current = "" }: { onPick?: (id: string) => void; current?: string }) {
  const overview = useOverview();
  const { t } = useTranslation();
  return (
    <Loaded query={overview}>
      {(o) => {
        const tiles = watched(o.buildings);
        return (
          <div className={`tiles ${tiles.length <= 8 ? "few" : ""}`}>
            {tiles.length === 0 && <Empty>{t("fleet.none")}</Empty>}
            {tiles.map((b) => (
              <Tile
                key={b.id}
                b={b}
                current={b.id === current}
                few={tiles.length <= 8}
                onPick={onPick && (() => onPick(b.id))}
              />
            ))}
          </div>
        );
      }}
    </Loaded>
  );
}

/** watched leaves the demo's towers, which nothing watches, off a desk that has real ones. */
function watched(all: BuildingTile[]) {
  const real = all.filter((b) => b.community !== "demo-community" || b.edges.length > 0);
  return real.length ? real : all;
}

function Tile({
  b,
  few,
  current,
  onPick,
}: {
  b: BuildingTile;
  few: boolean;
  current: boolean;
  onPick?: () => void;
}) {
  const { t } = useTranslation();
  const unknown = b.state === "unknown" || b.state === "lost" || b.unknown_points > 0;
  const words =
    b.state === "lost"
      ? t("console.tileLost")
      : b.open_alarms > 0
        ? t("console.tileAlarms", { n: b.open_alarms })
        : b.unknown_points > 0
          ? t(few ? "console.tileUnknown" : "desk.tileUnknown", { n: b.unknown_points })
          : t("console.tileOk");
  return (
    <button
      type="button"
      className={`tile ${b.worst} ${unknown ? "hatch" : ""}`}
      data-building={b.id}
      data-state={b.state}
      aria-current={current}
      aria-label={`${say(b.name)} ${b.worst ? t(`severity.${b.worst}`) : ""} ${words}`}
      disabled={!onPick}
      onClick={onPick}
    >
      <span>
        <b>{few ? say(b.name) : say(b.name).replace(/号楼$|^Building /, "")}</b>
        <Shape severity={b.worst} />
        {unknown && <span className="quest">?</span>}
      </span>
      <small>{words}</small>
    </button>
  );
}
