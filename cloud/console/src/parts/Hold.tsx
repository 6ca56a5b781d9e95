import { type ReactNode, useEffect, useRef, useState } from "react";

const holdMs = 1500;

/**
 * Hold is a button for acts that are hard to take back: it must be held for 1.5 s, by
 * pointer, or by Space or Enter on the keyboard.
 */
export function Hold(props: {
  label: ReactNode;
  holding: ReactNode;
  onDone: () => void;
  disabled?: boolean;
  id?: string;
}) {
  const [since, setSince] = useState<number>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const begin = () => {
    if (props.disabled || since !== undefined) return;
    setSince(Date.now());
    timer.current = setTimeout(() => {
      setSince(undefined);
      props.onDone();
    }, holdMs);
  };
  const end = () => {
    clearTimeout(timer.current);
    setSince(undefined);
  };
  const isKey = (key: string) => key === " " || key === "Enter";
  return (
    <button
      type="button"
      id={props.id}
      className={`hold ${since === undefined ? "" : "holding"}`}
      disabled={props.disabled}
      onPointerDown={begin}
      onPointerUp={end}
      onPointerLeave={end}
      onKeyDown={(e) => {
        if (isKey(e.key)) {
          e.preventDefault();
          e.stopPropagation();
          begin();
        }
      }}
      onKeyUp={(e) => isKey(e.key) && end()}
      onBlur={end}
    >
      {since === undefined ? props.label : props.holding}
    </button>
  );
}
