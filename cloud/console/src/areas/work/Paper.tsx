import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { useTranslation } from "react-i18next";
import { get } from "../../api/client";
import type { Text } from "../../api/types";
import { say } from "../../i18n";
import { day, wall } from "../../parts/format";
import { useSession } from "../../parts/session";
import { type Case, type Field, type FormRecord, idOf, nodeOf, workKeys } from "./api";
import { FieldValue } from "./FieldValue";
import "./paper.css";

interface Printed {
  title: Text;
  record: FormRecord;
  fields: Field[];
  /** the field that says until when */
  due?: string;
  /** the flow whose steps are printed too */
  flow?: string;
}

/** PrintButton prints a record with its pictures and the steps of its flow. */
export function PrintButton(p: Printed) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [sheet, setSheet] = useState<{ c?: Case }>();
  const open = async () => {
    const c = p.flow
      ? await client
          .ensureQueryData({
            queryKey: workKeys.case(p.flow),
            queryFn: () => get<Case>(`/api/flows/${p.flow ?? ""}`),
          })
          .catch(() => undefined) // the record may be read, its flow not
      : undefined;
    setSheet({ c });
  };
  return (
    <>
      <Button id="print" loading={!!sheet} onClick={() => void open()}>
        {t("work.print")}
      </Button>
      {sheet && createPortal(<Paper {...p} c={sheet.c} done={() => setSheet(undefined)} />, document.body)}
    </>
  );
}

/** Paper is what is printed; it prints itself when its pictures are there. */
function Paper({ title, record: r, fields, due, c, done }: Printed & { c?: Case; done: () => void }) {
  const { t } = useTranslation();
  const { me } = useSession();
  useEffect(() => {
    let gone = false;
    const images = [...document.querySelectorAll<HTMLImageElement>(".paper img")];
    void Promise.allSettled(images.map((i) => i.decode())).then(() => {
      if (gone) return;
      window.print();
      done();
    });
    return () => {
      gone = true;
    };
    // It prints once.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  const filled = fields.filter((f) => r.doc[f.key] !== undefined && r.doc[f.key] !== null && !f.hidden);
  const pictures = filled.filter(pictured);
  return (
    <div className="paper">
      <h1>{say(title)}</h1>
      <p className="paper-head">
        <span>{r.no}</span>
        <span>{t(`work.states.${r.state}`, { defaultValue: r.state ?? "" })}</span>
      </p>
      <table>
        <tbody>
          {filled
            .filter((f) => !pictured(f))
            .map((f) => (
              <tr key={f.key}>
                <th>{say(f.label)}</th>
                <td>
                  <FieldValue field={f} value={r.doc[f.key]} due={f.key === due} />
                </td>
              </tr>
            ))}
        </tbody>
      </table>
      {pictures.map((f) => (
        <section key={f.key}>
          <h2>{say(f.label)}</h2>
          <div className="paper-pictures">
            {[r.doc[f.key]].flat().map((v) => (
              <img key={idOf(v)} src={`/api/attachments/${idOf(v)}/thumb?size=480`} alt="" />
            ))}
          </div>
        </section>
      ))}
      {c && <Steps c={c} />}
      <p className="paper-foot">
        {t("work.printed", { who: me.name, when: `${day(Date.now())} ${wall(Date.now()).slice(11)}` })}
      </p>
    </div>
  );
}

const pictured = (f: Field) => ["photo", "media", "video", "signature"].includes(f.type);

/** Steps are what was decided, by whom and when, in order. */
function Steps({ c }: { c: Case }) {
  const { t } = useTranslation();
  const told = c.facts.filter((f) => !["branched", "read", "entered"].includes(f.kind));
  return (
    <section>
      <h2>{t("work.timeline")}</h2>
      <table className="paper-steps">
        <tbody>
          {told.map((f) => (
            <tr key={f.seq}>
              <td>
                {day(f.at)} {wall(f.at).slice(11)}
              </td>
              <td>{say(f.node ? nodeOf(c.def.nodes, f.node)?.name : undefined)}</td>
              <td>
                {t(`work.facts.${f.kind}`)}
                {(f.to ?? []).length > 0 && ` → ${(f.to ?? []).map((p) => p.name || p.id).join("、")}`}
              </td>
              <td>{f.by?.name === "system" ? "" : f.by?.name}</td>
              <td>{f.kind !== "child_started" && f.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
