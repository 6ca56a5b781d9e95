import { Button, Input, type InputRef } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Alarm } from "../api/types";

const phrases = ["p1", "p2", "p3", "p4", "p5", "p6"] as const;

/** NoteForm asks for one line: what is done about it. 1–6 put in a stock phrase while the line is empty. */
export function NoteForm(props: {
  alarm: Alarm;
  busy: boolean;
  title: string;
  onSubmit: (note: string) => void;
  onCancel: () => void;
}) {
  const { t } = useTranslation();
  const [note, setNote] = useState("");
  const input = useRef<InputRef>(null);
  useEffect(() => input.current?.focus(), [props.alarm.id]);
  return (
    <form
      className="note"
      onSubmit={(e) => {
        e.preventDefault();
        props.onSubmit(note.trim());
      }}
      onKeyDown={(e) => {
        e.stopPropagation();
        if (e.key === "Escape") props.onCancel();
        const phrase = phrases[Number(e.key) - 1];
        if (note === "" && phrase) {
          e.preventDefault();
          setNote(t(`alarm.phrases.${phrase}`));
        }
      }}
    >
      <label htmlFor="note">{props.title}</label>
      <Input
        id="note"
        ref={input}
        value={note}
        maxLength={200}
        placeholder={t("alarm.note")}
        onChange={(e) => setNote(e.target.value)}
      />
      <ol className="phrases">
        {phrases.map((p) => (
          <li key={p}>
            <button type="button" onClick={() => setNote(t(`alarm.phrases.${p}`))}>
              {t(`alarm.phrases.${p}`)}
            </button>
          </li>
        ))}
      </ol>
      <div className="buttons">
        <Button onClick={props.onCancel}>{t("common.cancel")}</Button>
        <Button type="primary" htmlType="submit" loading={props.busy} id="note-submit">
          {props.title}
        </Button>
      </div>
    </form>
  );
}
