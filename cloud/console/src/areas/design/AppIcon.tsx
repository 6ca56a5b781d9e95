import { useTranslation } from "react-i18next";
import "./appicon.css";

/** drawings are the pictures of apps, by the names the server knows. */
const drawings: Record<string, string> = {
  hazard: "M12 3l9 16H3zM12 9v5M12 16.500v.01",
  risk: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM16.500 13l4 7h-8z",
  safety: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4",
  patrol:
    "M6 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM18 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM8 18h7a3 3 0 0 0 0-6H9a3 3 0 0 1 0-6h7",
  service: "M4 13a8 8 0 0 1 16 0M4 13v4h3v-5H4.500M20 13v4h-3v-5h2.500M17 17c0 2-2 3-5 3",
  permit: "M7 3h10v18H7zM10 3v3h4V3M10 11h4M10 15l1.500 1.500 3-3",
  equipment:
    "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 3v4M12 17v4M3 12h4M17 12h4M6 6l2 2M16 16l2 2M18 6l-2 2M8 16l-2 2",
  site: "M12 21v-8M12 13c-5 0-7-3-7-7 5 0 7 3 7 7zM12 15c0-4 2-6 6-6 0 4-2 6-6 6z",
  office: "M6 3h9l3 3v15H6zM9 11h6M9 15h6M14 3v4h4",
  people:
    "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM3 20c0-4 3-6 6-6s6 2 6 6M16 5a3 3 0 0 1 0 6M17 14c2.500.500 4 2.500 4 6",
  water: "M12 3c4 5 6 8 6 11a6 6 0 0 1-12 0c0-3 2-6 6-11zM9 15a3 3 0 0 0 3 3",
  report: "M4 4v16h16M8 16v-4M12 16V8M16 16v-6",
};

const icons = Object.keys(drawings);

/** AppIcon is the picture of an app; its name stands beside it. */
export function AppIcon({ icon }: { icon: string | undefined }) {
  return (
    <span className="app-icon" aria-hidden>
      <svg viewBox="0 0 24 24">
        <path d={drawings[icon ?? ""] ?? drawings.office} />
      </svg>
    </span>
  );
}

/** IconChoice chooses one of the pictures. */
export function IconChoice({ value, set }: { value: string | undefined; set: (icon: string) => void }) {
  const { t } = useTranslation();
  return (
    <div className="app-icons" role="radiogroup" aria-label={t("design.icon")}>
      {icons.map((i) => (
        <button
          key={i}
          type="button"
          role="radio"
          aria-checked={value === i}
          aria-label={t(`design.icons.${i}`)}
          title={t(`design.icons.${i}`)}
          data-icon={i}
          onClick={() => set(i)}
        >
          <AppIcon icon={i} />
        </button>
      ))}
    </div>
  );
}
