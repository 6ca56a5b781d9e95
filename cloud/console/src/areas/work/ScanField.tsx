import { lazy, type ReactNode, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import "./scan.css";

const Scan = lazy(async () => ({ default: (await import("./Scan")).Scan }));

/** ScanField puts a button beside a text control that reads a code into it. */
export function ScanField({ set, children }: { set: (text: string) => void; children: ReactNode }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <div className="scan-field">
      {children}
      <button
        type="button"
        className="scan-open"
        aria-label={t("work.scan.title")}
        title={t("work.scan.title")}
        onClick={() => setOpen(true)}
      >
        <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
          <path
            d="M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.8"
          />
        </svg>
      </button>
      {open && (
        <Suspense>
          <Scan
            found={(text) => {
              setOpen(false);
              set(text);
            }}
            close={() => setOpen(false)}
          />
        </Suspense>
      )}
    </div>
  );
}
