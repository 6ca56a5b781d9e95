import type { ReactNode } from "react";

const icon = (children: ReactNode) => (
  <svg viewBox="0 0 24 24" aria-hidden focusable="false">
    {children}
  </svg>
);

export const Clock = () =>
  icon(
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="M12 7v5l3 3" />
    </>,
  );
export const Wrench = () =>
  icon(<path d="M15 4a5 5 0 0 0-5 7L4 17a2 2 0 0 0 3 3l6-6a5 5 0 0 0 7-5l-3 3-3-1-1-3 3-3z" />);

const hazards: Record<string, ReactNode> = {
  fire: <path d="M12 3c1 4 6 6 6 11a6 6 0 0 1-12 0c0-3 2-4 2-7 2 1 3 2 3 4 1-2 2-4 1-8z" />,
  gas: <path d="M5 9h9a3 3 0 1 0-3-3M4 13h13a3 3 0 1 1-3 3M4 17h6a2 2 0 1 1-2 2" />,
  toxic: <path d="M12 4a7 7 0 0 0-4 13v3h8v-3a7 7 0 0 0-4-13zM9 12h.01M15 12h.01M12 15v1" />,
  entrapment: <path d="M5 3h14v18H5zM12 3v18M8 10l1-2 1 2M16 8l-1 2-1-2" />,
  equipment: (
    <>
      <circle cx="12" cy="12" r="3" />
      <path d="M12 3v4M12 17v4M3 12h4M17 12h4M6 6l2 2M16 16l2 2M18 6l-2 2M8 16l-2 2" />
    </>
  ),
  water: <path d="M12 3c4 5 6 8 6 11a6 6 0 0 1-12 0c0-3 2-6 6-11z" />,
  order: <path d="M3 15l2-6h14l2 6v4H3zM6 19v2M18 19v2M4 15h16M9 5l6 0" />,
  comms: (
    <path d="M4 4l16 16M5 12a10 10 0 0 1 4-2.500M19 12a10 10 0 0 0-6-3M8.500 15.500a5 5 0 0 1 7 0M12 19h.01" />
  ),
  linkage: <path d="M9 15l6-6M10 6l2-2a4 4 0 0 1 6 6l-2 2M14 18l-2 2a4 4 0 0 1-6-6l2-2" />,
  self: <path d="M4 5h16v11H4zM9 20h6M12 16v4M12 8v3M12 13v.01" />,
};

/** HazardIcon is the kind of danger; the word stands beside it or in its label. */
export function HazardIcon({ hazard, label }: { hazard: string; label: string }) {
  return (
    <span className="hazard" role="img" aria-label={label}>
      {icon(hazards[hazard] ?? hazards["self"])}
    </span>
  );
}
