import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, Input, Modal, Segmented } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { Problem, request } from "../../api/client";
import { say } from "../../i18n";
import { dateTime } from "../../parts/format";
import { Page } from "../../parts/Page";
import { Empty, Loaded, useProblemText } from "../../parts/states";
import "../work/work.css";
import { type Head, type Kind, keys, type PackageReport, unused, useDocuments } from "./api";
import "./design.css";
import { NewFlow } from "./NewFlow";

const kinds: Kind[] = ["form", "flow", "dict"];
const places: Record<Kind, string> = { form: "forms", flow: "flows", dict: "dictionaries" };

/** Workbench is where forms, flows and dictionaries are begun and found. */
export function Workbench() {
  const { t } = useTranslation();
  const [kind, setKind] = useState<Kind>("form");
  const [word, setWord] = useState("");
  const [making, setMaking] = useState(false);
  const [chosen, setChosen] = useState<string[]>([]);
  const [packing, setPacking] = useState(false);
  const query = useDocuments(kind);
  const fits = (h: Head) => (say(h.title) + h.key).toLowerCase().includes(word.trim().toLowerCase());
  return (
    <Page
      title={t("design.title")}
      about={t("design.titleAbout")}
      verbs={
        <>
          <Import />
          <Button disabled={chosen.length === 0} id="export" onClick={() => setPacking(true)}>
            {t("design.export", { n: chosen.length })}
          </Button>
          <Button type="primary" id="new-document" onClick={() => setMaking(true)}>
            {t(`design.new.${kind}`)}
          </Button>
        </>
      }
    >
      <div className="work-filters">
        <Segmented
          value={kind}
          onChange={setKind}
          options={kinds.map((k) => ({ value: k, label: t(`design.kinds.${k}`) }))}
        />
        <Input.Search
          allowClear
          aria-label={t("design.find")}
          placeholder={t("design.find")}
          value={word}
          onChange={(e) => setWord(e.target.value)}
        />
      </div>
      <Loaded query={query}>
        {(list) =>
          list.filter(fits).length === 0 ? (
            <Empty>{t(list.length === 0 ? `design.none.${kind}` : "work.noMatch")}</Empty>
          ) : (
            <ul className="design-cards">
              {list.filter(fits).map((h) => (
                <Card
                  key={h.key}
                  h={h}
                  kind={kind}
                  chosen={chosen.includes(`${kind}:${h.key}`)}
                  choose={(on) =>
                    setChosen((c) =>
                      on ? [...c, `${kind}:${h.key}`] : c.filter((x) => x !== `${kind}:${h.key}`),
                    )
                  }
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      {making && kind === "flow" && <NewFlow close={() => setMaking(false)} />}
      {making && kind !== "flow" && (
        <NewDocument kind={kind} heads={query.data ?? []} close={() => setMaking(false)} />
      )}
      {packing && <Export documents={chosen} close={() => setPacking(false)} />}
    </Page>
  );
}

function Card({
  h,
  kind,
  chosen,
  choose,
}: {
  h: Head;
  kind: Kind;
  chosen: boolean;
  choose: (on: boolean) => void;
}) {
  const { t } = useTranslation();
  return (
    <li className="design-doc" data-key={h.key}>
      <Link to={`/design/${places[kind]}/${h.key}`}>
        <strong>{say(h.title) || h.key}</strong>
        <span className="quiet">
          {h.retired_at
            ? t("design.isRetired")
            : h.current > 0
              ? t("design.inForce", { n: h.current })
              : t("design.neverPublished")}
          {h.draft_rev > 0 && ` · ${t("design.hasDraft")}`}
        </span>
        <span className="quiet">
          {dateTime(h.at)}
          {h.app && ` · ${t("design.ready")}`}
        </span>
      </Link>
      {h.current > 0 && (
        <Checkbox checked={chosen} onChange={(e) => choose(e.target.checked)}>
          {t("design.pack")}
        </Checkbox>
      )}
    </li>
  );
}

function NewDocument({ kind, heads, close }: { kind: "form" | "dict"; heads: Head[]; close: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const go = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [key, setKey] = useState(unused(heads, kind));
  const [busy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    const title = { zh: name.trim() };
    const body =
      kind === "form"
        ? { title, fields: [] }
        : { title, items: [{ code: "c1", label: { zh: t("design.newItem") } }] };
    try {
      await request("PUT", `/api/documents/${kind}/${key}/draft`, { rev: 0, body });
      await client.invalidateQueries({ queryKey: keys.list(kind) });
      void go(`/design/${places[kind]}/${key}`);
    } catch (e) {
      void message.error(e instanceof Problem && e.status === 409 ? t("design.keyTaken") : words(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t(`design.new.${kind}`)}
      onCancel={close}
      onOk={() => void make()}
      okButtonProps={{ loading: busy, disabled: !name.trim(), id: "make-document" }}
    >
      <div className="design-props">
        <Input
          id="document-name"
          autoFocus
          maxLength={100}
          placeholder={t(`design.nameOf.${kind}`)}
          value={name}
          onChange={(e) => setName(e.target.value)}
          onPressEnter={() => name.trim() && void make()}
        />
        <details>
          <summary className="quiet">{t("design.code")}</summary>
          <Input value={key} maxLength={24} onChange={(e) => setKey(e.target.value)} />
          <p className="quiet">{t("design.codeAbout")}</p>
        </details>
      </div>
    </Modal>
  );
}

function Export({ documents, close }: { documents: string[]; close: () => void }) {
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
function Import() {
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
                <td>{i.key}</td>
                <td>
                  {t(`design.outcomes.${i.outcome}`)}
                  {i.has_draft && ` · ${t("design.hasDraft")}`}
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
