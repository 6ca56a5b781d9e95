import { App, Button } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { post } from "../../api/client";
import { say } from "../../i18n";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Loaded, useProblemText } from "../../parts/states";
import { type Doc, type Field, type FormDef, type FormOpen, useForm } from "./api";
import { FormFields, problemsOf, summaryOf } from "./FormFields";
import "./work.css";

/** A control that people fill in here; files, signatures and positions come from the phone. */
const fillable = (f: Field) =>
  !["serial", "formula", "file", "signature", "location", "link", "device"].includes(f.type);

/** Submit is a form to be filled in for the first time. */
export function Submit() {
  const { form = "" } = useParams();
  return <Loaded query={useForm(form)}>{(open) => <NewRecord key={form} form={form} open={open} />}</Loaded>;
}

/** beginning are the defaults that the browser can tell; the server fills in the rest. */
function beginning(def: FormDef): Doc {
  const out: Doc = {};
  for (const f of def.fields) {
    const d = f.default;
    if (d?.value !== undefined) out[f.key] = d.value;
    if (d?.now && f.type === "datetime") out[f.key] = new Date().toISOString();
  }
  return out;
}

function NewRecord({ form, open: { def, create } }: { form: string; open: FormOpen }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const { me } = useSession();
  const say2 = useProblemText();
  const go = useNavigate();
  const key = `draft:${me.id}:${form}`;
  const [doc, setDoc] = useState<Doc>(() => {
    const kept = sessionStorage.getItem(key);
    return kept ? (JSON.parse(kept) as Doc) : beginning(def);
  });
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  useEffect(() => sessionStorage.setItem(key, JSON.stringify(doc)), [key, doc]);
  const send = async () => {
    setBusy(true);
    try {
      const r = await post<{ record: { no?: string }; instance?: string }>(`/api/forms/${form}/records`, {
        fields: Object.fromEntries(Object.entries(doc).filter(([, v]) => v !== null)),
      });
      sessionStorage.removeItem(key);
      void message.success(t("work.submitted", { no: r.record.no ?? "" }));
      void go(r.instance ? `/flows/${r.instance}` : `/forms/${form}`);
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  const problems = problemsOf(error);
  return (
    <Page title={say(def.title)} about={say(def.description)}>
      <form
        className="work-sheet"
        onSubmit={(e) => {
          e.preventDefault();
          void send();
        }}
      >
        <FormFields
          fields={def.fields}
          write={(f) => fillable(f) && !f.read_only && create[f.key] === "w"}
          doc={doc}
          set={(k, v) => {
            setError(undefined);
            setDoc((d) => ({ ...d, [k]: v }));
          }}
          problems={problems}
        />
        {error !== undefined && (
          <p className="work-problem" role="alert">
            {summaryOf(error, say2)}
          </p>
        )}
        <Button type="primary" htmlType="submit" loading={busy} id="submit-record">
          {t("work.submit")}
        </Button>
      </form>
    </Page>
  );
}
