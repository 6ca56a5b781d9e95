import { useDraggable } from "@dnd-kit/core";
import { Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { HelpMark } from "./Help";
import { groups } from "./formedit";

/** Palette is every control: drag one onto the form, or click it to put it after the chosen field. */
export function Palette({ add, inRows }: { add: (type: string) => void; inRows: boolean }) {
  const { t } = useTranslation();
  const [word, setWord] = useState("");
  const fits = (type: string) => !inRows || (type !== "rows" && type !== "serial");
  return (
    <aside className="design-palette" aria-label={t("design.palette")}>
      <Input
        allowClear
        placeholder={t("design.findControl")}
        aria-label={t("design.findControl")}
        value={word}
        onChange={(e) => setWord(e.target.value)}
      />
      {groups.map((g) => {
        const types = g.types.filter((x) => fits(x) && t(`design.types.${x}`).includes(word.trim()));
        if (types.length === 0) return null;
        return (
          <section key={g.name}>
            <h3>
              {t(`design.groups.${g.name}`)} <HelpMark at={`control:${types[0]}`} />
            </h3>
            <div className="design-controls">
              {types.map((x) => (
                <Control key={x} type={x} add={() => add(x)} />
              ))}
            </div>
          </section>
        );
      })}
    </aside>
  );
}

function Control({ type, add }: { type: string; add: () => void }) {
  const { t } = useTranslation();
  const { setNodeRef, listeners, isDragging } = useDraggable({ id: `new:${type}` });
  return (
    <button
      ref={setNodeRef}
      type="button"
      className={isDragging ? "design-control dragged" : "design-control"}
      data-control={type}
      title={t(`design.about.${type}`)}
      {...listeners}
      // a key press adds at once: dragging by keyboard is for fields that are on the form
      onKeyDown={undefined}
      onClick={add}
    >
      {t(`design.types.${type}`)}
    </button>
  );
}
