import { type ComponentType, lazy, Suspense } from "react";
import { Loading } from "./states";

interface Props {
  building: string;
  floor: number;
  highlight?: string;
  compact?: boolean;
}

const found = import.meta.glob<{ FloorPlan: ComponentType<Props> }>("./FloorPlan.tsx");
const load = found["./FloorPlan.tsx"];
const FloorPlan = load && lazy(async () => ({ default: (await load()).FloorPlan }));

/** FloorPlanSlot is where the plan of a floor stands; the drawing is fetched when it is first needed. */
export function FloorPlanSlot(props: { building: string; floor: number; point?: string; compact?: boolean }) {
  if (!FloorPlan || props.floor === 0) return null;
  return (
    <div className="plan">
      <Suspense fallback={<Loading lines={3} />}>
        <FloorPlan
          building={props.building}
          floor={props.floor}
          highlight={props.point || undefined}
          compact={props.compact}
        />
      </Suspense>
    </div>
  );
}
