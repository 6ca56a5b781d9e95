import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, Input, Modal } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../../api/client";
import { say } from "../../i18n";
import { useProblemText } from "../../parts/states";
import type { PackageReport } from "./api";

/** Export asks for a name and gives documents as one package. */
export function Export({ documents, close }: { documents: string[]; close: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const query = new URLSearchParams({ key: "app", title: name.trim() });
  query.set("document", documents.join(","));
  return (
    <Modal
      open
      title={t("design.export", { n: documents.length })}
      onCancel={close}
      footer={
        <Button
          type="primary"
          disabled={!name.trim()}
          href={`/api/packages/export?${query}`}
          download
          onClick={close}
        >
          {t("design.download")}
        </Button>
      }
    >
      <Input
        autoFocus
        maxLength={100}
        placeholder={t("design.packageName")}
        value={name}
        onChange={(e) => setName(e.target.value)}
      />
    </Modal>
  );
}

/** Import shows what a package would change before anything is changed. */
export function Import() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File>();
  const [report, setReport] = useState<PackageReport>();
  const [replace, setReplace] = useState(false);
  const send = async (f: File, dry: boolean) => {
    try {
      const r = await fetch(`/api/packages/import?dry=${dry}&replace=${replace}`, {
        method: "POST",
        headers: { "Content-Type": "application/zip" },
        body: f,
      });
      const raw: unknown = await r.json();
      if (!r.ok) throw new Problem(r.status, (raw as { detail?: string }).detail ?? "");
      const got = raw as PackageReport;
      setFile(f);
      if (!got.done) return setReport(got);
      void message.success(t("design.imported"));
      setReport(undefined);
      await client.invalidateQueries();
    } catch (e) {
      void message.error(words(e));
    }
  };
  const items = report?.items ?? [];
  const conflict = items.some((i) => i.outcome === "conflict");
  const bad = items.some((i) => (i.problems ?? []).length > 0);
  return (
    <>
      <Button onClick={() => input.current?.click()}>{t("design.import")}</Button>
      <input
        ref={input}
        id="import-file"
        type="file"
        accept=".zip"
        hidden
        onChange={(e) => {
          const f = e.target.files?.[0];
          e.target.value = "";
          if (f) void send(f, true);
        }}
      />
      <Modal
        open={!!report}
        title={t("design.importOf", { what: say(report?.manifest.title) })}
        onCancel={() => setReport(undefined)}
        onOk={() => file && void send(file, false)}
        okText={t("design.importNow")}
        okButtonProps={{ disabled: bad || (conflict && !replace), id: "import-now" }}
      >
        <table className="work-table">
          <tbody>
            {items.map((i) => (
              <tr key={`${i.kind}:${i.key}`}>
                <td>{t(`design.kinds.${i.kind}`)}</td>
                <td title={i.key}>{say(i.title) || i.key}</td>
                <td>
                  {t(`design.outcomes.${i.outcome}`)}
                  {i.has_draft && ` · ${t("design.hasDraft")}`}
                  {(i.changes ?? []).length > 0 && (
                    <details>
                      <summary>{t("design.changesIn", { n: (i.changes ?? []).length })}</summary>
                      <ul>
                        {(i.changes ?? []).map((c, n) => (
                          <li key={n}>{say(c.text)}</li>
                        ))}
                      </ul>
                    </details>
                  )}
                  {(i.problems ?? []).map((p, n) => (
                    <p key={n} className="work-problem">
                      {say(p.text)}
                    </p>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {conflict && (
          <Checkbox checked={replace} onChange={(e) => setReplace(e.target.checked)}>
            {t("design.replace")}
          </Checkbox>
        )}
      </Modal>
    </>
  );
}
