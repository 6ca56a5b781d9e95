import { Button, Input, type InputRef } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Alarm } from "../api/types";

const sets = {
  ack: ["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"].map((p) => `desk.phrases.${p}`),
  false: ["f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9"].map((f) => `desk.causes.${f}`),
};

/** NoteForm asks for one line: what is done about it, or why it was false. 1–9 put in a stock phrase while the line is empty. */
export function NoteForm(props: {
  alarm: Alarm;
  busy: boolean;
  title: string;
  kind: keyof typeof sets;
  onSubmit: (note: string) => void;
  onCancel: () => void;
}) {
  const { t } = useTranslation();
  const [note, setNote] = useState("");
  const input = useRef<InputRef>(null);
  useEffect(() => input.current?.focus(), [props.alarm.id]);
  const phrases = sets[props.kind];
  const needed = props.kind === "false" && note.trim() === "";
  return (
    <form
      className="note"
      onSubmit={(e) => {
        e.preventDefault();
        if (!needed) props.onSubmit(note.trim());
      }}
      onKeyDown={(e) => {
        e.stopPropagation();
        if (e.key === "Escape") props.onCancel();
        const phrase = phrases[Number(e.key) - 1];
        if (note === "" && phrase && !e.ctrlKey && !e.metaKey && !e.altKey) {
          e.preventDefault();
          setNote(t(phrase));
        }
      }}
    >
      <label htmlFor="note">{props.title}</label>
      <Input
        id="note"
        ref={input}
        value={note}
        maxLength={200}
        size="large"
        placeholder={t("desk.noteHint")}
        onChange={(e) => setNote(e.target.value)}
      />
      <ol className="phrases">
        {phrases.map((p) => (
          <li key={p}>
            <button type="button" onClick={() => setNote(t(p))}>
              {t(p)}
            </button>
          </li>
        ))}
      </ol>
      <div className="buttons">
        <Button size="large" onClick={props.onCancel}>
          {t("common.cancel")} (Esc)
        </Button>
        <Button
          type="primary"
          size="large"
          htmlType="submit"
          loading={props.busy}
          disabled={needed}
          id="note-submit"
        >
          {props.title} (Enter)
        </Button>
      </div>
    </form>
  );
}
