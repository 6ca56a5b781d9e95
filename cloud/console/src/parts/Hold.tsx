import { type ReactNode, useEffect, useRef, useState } from "react";

const holdMs = 1500;
const twiceMs = 2000;

/**
 * Hold is a button for acts that are hard to take back: it must be held for 1.5 s, by
 * pointer or by a key, or its key be pressed twice.
 */
export function Hold(props: {
  label: ReactNode;
  holding: ReactNode;
  /** shown after the first of two presses of the key */
  again?: ReactNode;
  onDone: () => void;
  disabled?: boolean;
  id?: string;
  /** a single letter that may be pressed twice while the button has the focus */
  letter?: string;
}) {
  const [since, setSince] = useState<number>();
  const [armed, setArmed] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const first = useRef(0);
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
  const letter = () => {
    const now = Date.now();
    if (props.disabled) return;
    if (now - first.current <= twiceMs) {
      first.current = 0;
      setArmed(false);
      props.onDone();
      return;
    }
    first.current = now;
    setArmed(true);
  };
  return (
    <button
      type="button"
      id={props.id}
      className={`hold ${since === undefined ? "" : "holding"}`}
      disabled={props.disabled}
      onPointerDown={begin}
      onPointerUp={end}
      onPointerLeave={end}
      // The key that brought the focus here is the first of the two.
      onFocus={(e) => e.currentTarget.dataset["by"] === "letter" && letter()}
      onKeyDown={(e) => {
        if (isKey(e.key)) {
          e.preventDefault();
          e.stopPropagation();
          begin();
        } else if (props.letter && e.key.toLowerCase() === props.letter && !e.repeat) {
          e.preventDefault();
          e.stopPropagation();
          letter();
        }
      }}
      onKeyUp={(e) => isKey(e.key) && end()}
      onBlur={(e) => {
        delete e.currentTarget.dataset["by"];
        setArmed(false);
        end();
      }}
    >
      {since !== undefined ? props.holding : armed && props.again ? props.again : props.label}
    </button>
  );
}

/** focusHold brings the keyboard to a hold button as the first press of its letter. */
export function focusHold(id: string) {
  const button = document.getElementById(id);
  if (!button) return;
  button.dataset["by"] = "letter";
  button.focus();
}
