import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQueryClient } from "@tanstack/react-query";
import { request } from "../../api/client";
import { useProblemText } from "../../parts/states";
import { type FormRecord, workKeys } from "./api";

/** Bulk is what can be done with the chosen records; a deletion can be taken back at once. */
export function Bulk({
  form,
  chosen,
  clear,
  may,
  restore,
}: {
  form: string;
  chosen: Map<string, FormRecord>;
  clear: () => void;
  may: string[];
  restore: boolean;
}) {
  const { t } = useTranslation();
  const { message, modal } = App.useApp();
  const client = useQueryClient();
  const words = useProblemText();
  const [busy, setBusy] = useState(false);
  const path = `/api/forms/${form}/records`;
  /** each does something to every record, and says how many it could not be done to. */
  const each = async (records: FormRecord[], one: (r: FormRecord) => Promise<FormRecord>) => {
    setBusy(true);
    const done: FormRecord[] = [];
    let why: unknown;
    for (const r of records)
      try {
        done.push(await one(r));
      } catch (e) {
        why = e;
      }
    setBusy(false);
    await client.invalidateQueries({ queryKey: workKeys.records(form) });
    if (why)
      void message.error(t("lists.failedSome", { n: records.length - done.length, why: words(why) }), 8);
    return done;
  };
  const bringBack = (records: FormRecord[]) =>
    each(records, (r) => request<FormRecord>("POST", `${path}/${r.id}/restore?rev=${r.rev}`)).then(
      (done) => done.length > 0 && void message.success(t("lists.restored")),
    );
  const remove = () =>
    modal.confirm({
      title: t("lists.removeAsk", { n: chosen.size }),
      okText: t("lists.remove"),
      okButtonProps: { danger: true, id: "remove-now" },
      cancelText: t("lists.cancel"),
      onOk: async () => {
        const done = await each([...chosen.values()], (r) =>
          request<FormRecord>("DELETE", `${path}/${r.id}?rev=${r.rev}`),
        );
        clear();
        if (done.length === 0) return;
        void message.success(
          <>
            {t("lists.removed", { n: done.length })}{" "}
            <Button size="small" id="undo-remove" onClick={() => void bringBack(done)}>
              {t("lists.undo")}
            </Button>
          </>,
          10,
        );
      },
    });
  const ids = { op: "in", l: { f: "_id" }, r: { v: [...chosen.keys()] } };
  return (
    <div className="work-bulk" role="toolbar">
      <strong>{t("lists.selected", { n: chosen.size })}</strong>
      {may.includes("export") && !restore && (
        <Button
          href={`/api/forms/${form}/export.xlsx?filter=${encodeURIComponent(JSON.stringify(ids))}`}
          download
        >
          {t("lists.exportSelected")}
        </Button>
      )}
      {may.includes("delete") &&
        (restore ? (
          <Button loading={busy} onClick={() => void bringBack([...chosen.values()]).then(clear)}>
            {t("lists.restore")}
          </Button>
        ) : (
          <Button danger id="remove-chosen" loading={busy} onClick={remove}>
            {t("lists.remove")}
          </Button>
        ))}
      <Button type="text" onClick={clear}>
        {t("lists.clear")}
      </Button>
    </div>
  );
}
