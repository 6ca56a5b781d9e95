import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../../api/client";
import type { Text } from "../../api/types";
import { language, say } from "../../i18n";
import { useProblemText } from "../../parts/states";
import { workKeys } from "./api";

interface Report {
  rows: number;
  created: number;
  problems: { row: number; column: number; title: string; found: string; text: Text }[];
}

const xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** ImportDialog checks a workbook, shows everything wrong with it, and only then makes records. */
export function ImportDialog({ form, close }: { form: string; close: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const client = useQueryClient();
  const [file, setFile] = useState<File>();
  const [report, setReport] = useState<Report>();
  const [busy, setBusy] = useState<"" | "checking" | "writing">("");
  const [start, setStart] = useState(false);
  const [good, setGood] = useState(false);
  const path = `/api/forms/${form}/import`;
  const send = async (where: string, f: File) => {
    const r = await fetch(where, {
      method: "POST",
      headers: { "Content-Type": xlsx, "Accept-Language": language() },
      body: f,
    });
    if (r.ok) return r;
    const said = (await r.json().catch(() => ({}))) as { detail?: string; errors?: { message?: string }[] };
    throw new Problem(r.status, said.errors?.[0]?.message ?? said.detail ?? "");
  };
  const run = async (what: "checking" | "writing", f: File) => {
    setBusy(what);
    try {
      const how = what === "checking" ? "dry=true" : `start=${start}&good=${good}`;
      const got = (await (await send(`${path}?${how}`, f)).json()) as Report;
      setFile(f);
      setReport(got);
      if (what === "writing" && (got.problems.length === 0 || good)) {
        void message.success(t("lists.imported", { n: got.created }));
        await client.invalidateQueries({ queryKey: workKeys.records(form) });
        close();
      }
    } catch (e) {
      void message.error(words(e), 8);
    } finally {
      setBusy("");
    }
  };
  const marked = async (f: File) => {
    try {
      const blob = await (await send(`${path}/marked`, f)).blob();
      const a = document.createElement("a");
      a.href = URL.createObjectURL(blob);
      a.download = f.name.replace(/\.xlsx$/i, "") + "-" + t("lists.problem") + ".xlsx";
      a.click();
      setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
    } catch (e) {
      void message.error(words(e));
    }
  };
  const wrong = report?.problems ?? [];
  return (
    <Modal
      open
      width={760}
      title={t("lists.importTitle")}
      onCancel={close}
      onOk={() => file && void run("writing", file)}
      okText={t("lists.importNow")}
      okButtonProps={{
        id: "import-now",
        loading: busy === "writing",
        disabled: !report || report.created === 0 || (wrong.length > 0 && !good),
      }}
    >
      <p className="quiet">{t("lists.importAbout")}</p>
      <div className="work-filters">
        <Button href={`/api/forms/${form}/import-template.xlsx`} download>
          {t("lists.template")}
        </Button>
        <label className="work-add" htmlFor="import-records">
          {t("lists.chooseFile")}
        </label>
        <input
          id="import-records"
          className="work-file"
          type="file"
          accept=".xlsx"
          onChange={(e) => {
            const f = e.target.files?.[0];
            e.target.value = "";
            if (f) void run("checking", f);
          }}
        />
      </div>
      {busy && (
        <p role="status">
          {busy === "checking" ? t("lists.checking") : t("lists.writing", { n: report?.rows ?? 0 })}
        </p>
      )}
      {report && !busy && (
        <>
          <p id="import-report">
            {t("lists.rows", { n: report.rows, ok: report.created })}
            {wrong.length > 0 && (
              <strong className="work-problem"> {t("lists.problems", { n: wrong.length })}</strong>
            )}
          </p>
          {wrong.length > 0 && (
            <div className="work-import">
              <table className="work-table">
                <thead>
                  <tr>
                    <th>{t("lists.row")}</th>
                    <th>{t("lists.column")}</th>
                    <th>{t("lists.found")}</th>
                    <th>{t("lists.problem")}</th>
                  </tr>
                </thead>
                <tbody>
                  {wrong.slice(0, 200).map((p, i) => (
                    <tr key={i}>
                      <td>{p.row}</td>
                      <td>{p.title}</td>
                      <td>{p.found}</td>
                      <td>{say(p.text)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          {wrong.length > 0 && file && (
            <p>
              <Button onClick={() => void marked(file)}>{t("lists.marked")}</Button>{" "}
              <Checkbox checked={good} onChange={(e) => setGood(e.target.checked)}>
                {t("lists.goodOnly")}
              </Checkbox>
            </p>
          )}
          <Checkbox checked={start} onChange={(e) => setStart(e.target.checked)}>
            {t("lists.startFlow")}
          </Checkbox>
        </>
      )}
    </Modal>
  );
}
