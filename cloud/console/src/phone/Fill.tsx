import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { post } from "../api/client";
import { type Doc, type Field, type FormOpen, useForm } from "../areas/work/api";
import { beginning, sendable, useFilling } from "../areas/work/filling";
import { problemsOf } from "../areas/work/problems";
import { say } from "../i18n";
import { useSession } from "../parts/session";
import { Choose } from "./Choose";
import { type Chosen, unchosen } from "./chosen";
import { Fields, reveal } from "./Fields";
import { Fault, Frame, useWords, Waiting } from "./frame";

/** Fill is a form to be filled in on the phone, photos first. */
export function Fill() {
  const { form = "" } = useParams();
  const [turn, setTurn] = useState(0);
  const query = useForm(form);
  if (!query.data)
    return query.error ? <Fault error={query.error} retry={() => void query.refetch()} /> : <Waiting />;
  return <Sheet key={`${form}-${turn}`} id={form} open={query.data} again={() => setTurn((n) => n + 1)} />;
}

const pictures = new Set(["photo", "video", "media"]);
/** What people decide first comes first: photos, then what must be filled in, then the rest; sections stay whole. */
function ordered(fields: Field[]): Field[] {
  const first = fields.filter((f) => pictures.has(f.type));
  return [...first, ...fields.filter((f) => !pictures.has(f.type))];
}

interface Sent {
  record: { no?: string };
  instance?: string;
}

function Sheet({
  id,
  open: { def, create, choose },
  again,
}: {
  id: string;
  open: FormOpen;
  again: () => void;
}) {
  const { t } = useTranslation();
  const { me } = useSession();
  const words = useWords();
  const key = `draft:${me.id}:${id}`;
  const fields = useMemo(() => ordered(def.fields), [def]);
  const [kept] = useState(() => localStorage.getItem(key));
  const form = useFilling(fields, () => (kept ? (JSON.parse(kept) as Doc) : beginning(def, me.id)));
  const asked = choose ?? [];
  const [chosen, setChosen] = useState<Chosen>({});
  const [unasked, setUnasked] = useState<string[]>([]);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState<Sent>();
  useEffect(
    () =>
      form.onChange((doc) => {
        localStorage.setItem(key, JSON.stringify(doc));
        setError("");
      }),
    [form, key],
  );
  const write = (f: Field) =>
    !f.read_only && (create[f.key] === "w" || ["section", "description"].includes(f.type));
  const send = async () => {
    const missing = form.missing(write);
    const nobody = unchosen(asked, chosen);
    setUnasked(nobody);
    if (missing.length + nobody.length > 0) {
      setError(t("phone.missing", { n: missing.length + nobody.length }));
      form.complain(Object.fromEntries(missing.map((p) => [p, t("phone.must")])));
      return reveal([...missing, ...nobody]);
    }
    setBusy(true);
    try {
      const r = await post<Sent>(`/api/forms/${id}/records`, {
        fields: sendable(def.fields.filter(write), form.doc),
        chosen,
      });
      localStorage.removeItem(key);
      setSent(r);
    } catch (e) {
      setError(words(e));
      form.complain(problemsOf(e));
      reveal(Object.keys(problemsOf(e)));
    } finally {
      setBusy(false);
    }
  };
  if (sent)
    return (
      <Frame title={say(def.title)}>
        <div className="p-sent" role="status">
          <strong>{t("phone.sent", { no: sent.record.no ?? "" })}</strong>
          {sent.instance && <p>{t("phone.sentAbout")}</p>}
          {sent.instance && (
            <Link className="p-button primary" to={`/m/flows/${sent.instance}`}>
              {t("phone.see")}
            </Link>
          )}
          <button type="button" className="p-button" onClick={again}>
            {t("phone.another")}
          </button>
          <Link className="p-button" to="/m">
            {t("phone.home")}
          </Link>
        </div>
      </Frame>
    );
  return (
    <Frame
      title={say(def.title)}
      back="/m"
      foot={
        <>
          {error && (
            <p className="p-wrong" role="alert">
              {error}
            </p>
          )}
          <button
            type="button"
            className="p-button primary"
            id="submit"
            disabled={busy}
            onClick={() => void send()}
          >
            {t("phone.submit")}
          </button>
        </>
      }
    >
      {say(def.description) && <p className="p-about">{say(def.description)}</p>}
      {kept && (
        <p className="p-about">
          {t("phone.kept")}{" "}
          <button
            type="button"
            className="p-link"
            onClick={() => {
              localStorage.removeItem(key);
              again();
            }}
          >
            {t("phone.discard")}
          </button>
        </p>
      )}
      <Fields form={form} write={write} />
      <Choose
        nodes={asked}
        chosen={chosen}
        bad={unasked}
        set={(c) => {
          setChosen(c);
          setUnasked((was) => was.filter((k) => unchosen(asked, c).includes(k)));
          setError("");
        }}
      />
    </Frame>
  );
}
