import { Alert, Button, Progress, Table, Upload } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { withLists } from "../../api/client";
import { say } from "../../i18n";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Failed } from "../../parts/states";
import { type ImportReport, useRefresh } from "./api";
import { keep, upload } from "./upload";
import "./places.css";

type Problem = ImportReport["problems"][number];
type Step =
  | { at: "empty" }
  | { at: "sending"; file: File; percent: number }
  | { at: "failed"; file: File; error: unknown }
  | { at: "checked"; file: File; report: ImportReport };

/** Import writes all places to a workbook, and takes one back after it was checked cell by cell. */
export function Import() {
  const { t } = useTranslation();
  const { may } = useSession();
  const [step, setStep] = useState<Step>({ at: "empty" });
  const refresh = useRefresh();
  const send = async (file: File, query: string) => {
    setStep({ at: "sending", file, percent: 0 });
    try {
      const answer = await upload(`/api/places/import?${query}`, file, (percent) =>
        setStep({ at: "sending", file, percent }),
      );
      const report = withLists(JSON.parse(await answer.text()), "") as ImportReport;
      setStep({ at: "checked", file, report });
      if (report.applied) await refresh();
    } catch (error) {
      setStep({ at: "failed", file, error });
    }
  };
  return (
    <Page
      title={t("places.sheet.title")}
      about={t("places.sheet.about")}
      verbs={
        <Button type="primary" href="/api/places/export.xlsx" download id="export">
          {t("places.sheet.export")}
        </Button>
      }
    >
      <p className="quiet">{t("places.sheet.exportAbout")}</p>
      {may("fleet.edit") && (step.at === "empty" || step.at === "failed") && (
        <Upload.Dragger
          className="places-drop"
          accept=".xlsx"
          showUploadList={false}
          beforeUpload={(file) => {
            void send(file, "dry_run=true");
            return false;
          }}
        >
          <p className="drop-big">⇪</p>
          <p>{t("places.sheet.drop")}</p>
          <p className="quiet">{t("places.sheet.limit")}</p>
        </Upload.Dragger>
      )}
      {step.at === "sending" && (
        <div className="places-box" role="status">
          <p>
            {step.percent < 100
              ? t("places.sheet.sending", { p: step.percent })
              : t("places.sheet.checking", { name: step.file.name })}
          </p>
          <Progress percent={step.percent} status="active" showInfo={false} />
        </div>
      )}
      {step.at === "failed" && (
        <Failed error={step.error} retry={() => void send(step.file, "dry_run=true")} />
      )}
      {step.at === "checked" && (
        <Checked
          file={step.file}
          report={step.report}
          apply={() => void send(step.file, `rev=${step.report.rev}`)}
          again={() => setStep({ at: "empty" })}
        />
      )}
    </Page>
  );
}

function Checked(props: { file: File; report: ImportReport; apply: () => void; again: () => void }) {
  const { file, report: r } = props;
  const { t } = useTranslation();
  const n = r.counts.reduce((sum, c) => sum + c.new + c.changed, 0);
  const bad = r.problems.length + r.more;
  const verdict = r.applied
    ? { type: "success" as const, text: t("places.sheet.applied", { n }) }
    : bad > 0
      ? { type: "error" as const, text: t("places.sheet.problems", { n: bad }) }
      : { type: "info" as const, text: t(n > 0 ? "places.sheet.clean" : "places.sheet.nothing") };
  const marked = async () =>
    keep(
      await upload("/api/places/import/marked", file, () => undefined),
      file.name.replace(/(\.xlsx)?$/i, "-problems.xlsx"),
    );
  return (
    <div className="stack" id="import-report" data-applied={r.applied} data-problems={bad}>
      <Alert type={verdict.type} showIcon title={`${file.name}：${verdict.text}`} />
      <div className="places-verbs">
        {!r.applied && bad === 0 && n > 0 && (
          <Button type="primary" id="apply" onClick={props.apply}>
            {t("places.sheet.apply", { n })}
          </Button>
        )}
        {bad > 0 && (
          <Button type="primary" id="marked" onClick={() => void marked()}>
            {t("places.sheet.marked")}
          </Button>
        )}
        <Button onClick={props.again}>{t("places.sheet.again")}</Button>
      </div>
      <Table
        rowKey="sheet"
        size="small"
        pagination={false}
        dataSource={r.counts}
        columns={[
          { title: t("places.sheet.counts.sheet"), dataIndex: "sheet" },
          ...(["new", "changed", "unchanged", "refused"] as const).map((k) => ({
            title: t(`places.sheet.counts.${k}`),
            dataIndex: k,
            align: "right" as const,
            render: (v: number) => (v === 0 ? <span className="quiet">0</span> : <b>{v}</b>),
          })),
        ]}
      />
      {bad > 0 && <Problems items={r.problems} />}
      {r.more > 0 && <p className="quiet">{t("places.sheet.more", { n: r.more })}</p>}
      {r.notices.length > 0 && (
        <>
          <h2>{t("places.sheet.notices", { n: r.notices.length })}</h2>
          <Problems items={r.notices} />
        </>
      )}
    </div>
  );
}

function Problems({ items }: { items: Problem[] }) {
  const { t } = useTranslation();
  return (
    <Table<Problem>
      rowKey={(p) => `${p.sheet}!${p.cell} ${p.text.zh}`}
      size="small"
      pagination={{ pageSize: 50, hideOnSinglePage: true }}
      dataSource={items}
      columns={[
        {
          title: t("places.sheet.cell"),
          width: 160,
          render: (_, p) => <code>{p.cell ? `${p.sheet}!${p.cell}` : p.sheet}</code>,
        },
        { title: t("places.sheet.found"), width: 240, ellipsis: true, dataIndex: "found" },
        { title: t("places.sheet.what"), render: (_, p) => say(p.text) },
      ]}
    />
  );
}
