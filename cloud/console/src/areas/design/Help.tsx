import { Button } from "antd";
import { lazy, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { askHelp, type Topic, useTopic } from "./helptopic";

const Drawer = lazy(async () => ({ default: (await import("./HelpDrawer")).HelpDrawer }));

/** Help is the button of a designer; F1 opens it at what is in hand. */
export function Help({ at }: { at?: Topic }) {
  const { t } = useTranslation();
  const topic = useTopic();
  useEffect(() => {
    const key = (e: KeyboardEvent) => {
      if (e.key !== "F1") return;
      e.preventDefault();
      const control = (document.activeElement as HTMLElement | null)?.closest<HTMLElement>("[data-control]");
      askHelp(control ? `control:${control.dataset.control}` : (at ?? ""));
    };
    window.addEventListener("keydown", key);
    return () => window.removeEventListener("keydown", key);
  }, [at]);
  useEffect(() => () => askHelp(undefined), []);
  return (
    <>
      <Button id="design-help" onClick={() => askHelp(at ?? "")}>
        ? {t("design.helpOpen")}
      </Button>
      {topic !== undefined && (
        <Suspense>
          <Drawer />
        </Suspense>
      )}
    </>
  );
}

/** HelpMark opens the help at one control or node. */
export function HelpMark({ at }: { at: Topic }) {
  const { t } = useTranslation();
  return (
    <Button
      size="small"
      type="text"
      aria-label={t("design.helpOpen")}
      data-help={at}
      onClick={() => askHelp(at)}
    >
      ?
    </Button>
  );
}
