import { App, Button } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { post } from "../../api/client";
import { say } from "../../i18n";
import { Page } from "../../parts/Page";
import { useSession } from "../../parts/session";
import { Loaded, useProblemText } from "../../parts/states";
import { type Doc, type FormOpen, useForm } from "./api";
import { type Chosen, ChoosePeople } from "./CaseVerbs";
import { beginning, sendable, useFilling } from "./filling";
import { FormFields, reveal } from "./FormFields";
import { problemsOf, summaryOf } from "./problems";
import "./work.css";

/** Submit is a form to be filled in for the first time. */
export function Submit() {
  const { form = "" } = useParams();
  return <Loaded query={useForm(form)}>{(open) => <NewRecord key={form} form={form} open={open} />}</Loaded>;
}

function NewRecord({ form: id, open: { def, create, choose } }: { form: string; open: FormOpen }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const { me } = useSession();
  const words = useProblemText();
  const go = useNavigate();
  const key = `draft:${me.id}:${id}`;
  const [params] = useSearchParams();
  const form = useFilling(def.fields, () => {
    const kept = sessionStorage.getItem(key);
    const doc = kept ? (JSON.parse(kept) as Doc) : beginning(def, me.id);
    const at = params.get("place"); // where the button stood that led here
    return at && def.roles?.place ? { ...doc, [def.roles.place]: at } : doc;
  });
  const [chosen, setChosen] = useState<Chosen>({});
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  useEffect(
    () =>
      form.onChange((doc) => {
        sessionStorage.setItem(key, JSON.stringify(doc));
        setError(undefined);
      }),
    [form, key],
  );
  const write = (f: (typeof def.fields)[number]) =>
    !f.read_only &&
    create[f.key] !== "hide" &&
    (create[f.key] === "w" || f.type === "description" || f.type === "divider");
  const send = async () => {
    setBusy(true);
    try {
      const r = await post<{ record: { no?: string }; instance?: string }>(`/api/forms/${id}/records`, {
        fields: sendable(def.fields.filter(write), form.doc),
        chosen,
      });
      sessionStorage.removeItem(key);
      void message.success(t("work.submitted", { no: r.record.no ?? "" }));
      void go(r.instance ? `/flows/${r.instance}` : `/forms/${id}`);
    } catch (e) {
      setError(e);
      form.complain(problemsOf(e));
      reveal(Object.keys(problemsOf(e)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Page title={say(def.title)} about={say(def.description)}>
      <form
        className="work-sheet"
        onSubmit={(e) => {
          e.preventDefault();
          void send();
        }}
      >
        <FormFields form={form} write={write} />
        <ChoosePeople nodes={choose ?? []} chosen={chosen} set={setChosen} />
        {error !== undefined && (
          <p className="work-problem" role="alert">
            {summaryOf(error, words)}
          </p>
        )}
        <Button type="primary" htmlType="submit" loading={busy} id="submit-record">
          {t("work.submit")}
        </Button>
      </form>
    </Page>
  );
}
