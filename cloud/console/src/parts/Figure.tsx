import type { ReactNode } from "react";
import "./figure.css";

/** Figure is one number of a report, with what it means or what it should be. */
export function Figure(props: {
  name: string;
  label: string;
  value: ReactNode;
  bad?: boolean;
  note: string;
}) {
  return (
    <div className={props.bad ? "figure bad" : "figure"} data-figure={props.name}>
      <span>{props.label}</span>
      <b>{props.value}</b>
      <small className="quiet">{props.note}</small>
    </div>
  );
}
