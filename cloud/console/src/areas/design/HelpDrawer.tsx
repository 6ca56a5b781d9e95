import { Button, Drawer, Input, Segmented } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Node } from "../work/api";
import { FlowTree } from "../work/FlowTree";
import { FormFields } from "../work/FormFields";
import { useFilling } from "../work/filling";
import { fresh, groups } from "./formedit";
import { askHelp, type Book, useTopic } from "./helptopic";
import en from "./help.en.json";
import zh from "./help.zh.json";
import "./help.css";

/** HelpDrawer is the help of the designers: every control and node, and a way to begin. */
export function HelpDrawer() {
  const { t, i18n } = useTranslation();
  const topic = useTopic() ?? "";
  const [word, setWord] = useState("");
  const [part, setPart] = useState("controls");
  const body = useRef<HTMLDivElement>(null);
  const book: Book = i18n.language === "en" ? en : zh;
  useEffect(() => {
    setWord("");
    if (topic) setPart(topic === "tour" ? "tour" : topic.startsWith("node:") ? "nodes" : "controls");
    const seen = setTimeout(
      () => body.current?.querySelector(`[data-topic="${topic}"]`)?.scrollIntoView({ block: "start" }),
      300, // the drawer has slid in
    );
    return () => clearTimeout(seen);
  }, [topic]);
  const name = (kind: string, k: string) => t(kind === "control" ? `design.types.${k}` : `design.nodes.${k}`);
  const fits = (...texts: string[]) => texts.join(" ").toLowerCase().includes(word.trim().toLowerCase());
  const entries = (kind: "control" | "node", of: Record<string, string[]>, order: string[]) =>
    order
      .filter((k) => fits(name(kind, k), ...(of[k] ?? [])))
      .map((k) => <Entry key={k} kind={kind} type={k} name={name(kind, k)} words={of[k] ?? []} />);
  const found = {
    controls: entries(
      "control",
      book.controls,
      groups.flatMap((g) => g.types),
    ),
    nodes: entries("node", book.nodes, Object.keys(book.nodes)),
    tour: book.tour
      .filter((s) => fits(s.title, s.text))
      .map((s) => (
        <li key={s.title}>
          <strong>{s.title}</strong>
          <p>{s.text}</p>
          <Link to={s.to} onClick={() => askHelp(undefined)}>
            {t("design.helpGo")} →
          </Link>
        </li>
      )),
  };
  const none = word !== "" && Object.values(found).every((x) => x.length === 0);
  const show = (p: string) => (word ? true : part === p);
  return (
    <Drawer open size={460} title={t("design.helpTitle")} onClose={() => askHelp(undefined)}>
      <div className="design-help" id="help" ref={body}>
        <Input
          id="find-help"
          allowClear
          placeholder={t("design.helpFind")}
          aria-label={t("design.helpFind")}
          value={word}
          onChange={(e) => setWord(e.target.value)}
        />
        <Segmented
          block
          value={part}
          onChange={setPart}
          options={["controls", "nodes", "tour"].map((p) => ({
            value: p,
            label: t(`design.helpParts.${p}`),
          }))}
        />
        {none && <div className="empty">{t("work.noMatch")}</div>}
        {show("controls") && found.controls}
        {show("nodes") && found.nodes}
        {show("tour") && found.tour.length > 0 && <ol className="design-tour">{found.tour}</ol>}
      </div>
    </Drawer>
  );
}

interface EntryOf {
  kind: "control" | "node";
  type: string;
  name: string;
  words: string[];
}

function Entry({ kind, type, name, words: [what, checks, phone] }: EntryOf) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  return (
    <section data-topic={`${kind}:${type}`}>
      <h3>{name}</h3>
      <p>{what}</p>
      <p className="quiet">
        {t(kind === "node" ? "design.helpRules" : "design.helpChecks")}
        {checks}
      </p>
      <p className="quiet">
        {t("design.helpPhone")}
        {phone}
      </p>
      {shown ? (
        kind === "control" ? (
          <Live type={type} name={name} />
        ) : (
          <Drawn type={type as Node["type"]} name={name} />
        )
      ) : (
        <Button size="small" onClick={() => setShown(true)}>
          {t("design.helpTry")}
        </Button>
      )}
    </section>
  );
}

/** asked are controls that ask the server for something only a real form has. */
const asked = new Set(["link", "cascade"]);

/** Live is the control itself, to be tried. */
function Live({ type, name }: { type: string; name: string }) {
  const { t } = useTranslation();
  const fields = useMemo(() => {
    const f = fresh(type, { zh: name, en: name }, new Set());
    return [f];
  }, [type, name]);
  const form = useFilling(fields, () => ({}));
  if (asked.has(type)) return <p className="quiet">{t("design.helpNeeds")}</p>;
  return (
    <div className="design-help-live">
      <FormFields form={form} write={() => true} />
    </div>
  );
}

/** Drawn is a node as it stands in a flow. */
function Drawn({ type, name }: { type: Node["type"]; name: string }) {
  const { t } = useTranslation();
  const word = (zh: string) => ({ zh, en: zh });
  const start: Node = { id: "start", type: "start", name: word(t("design.nodes.start")) };
  const n: Node = { id: "n", type, name: word(name) };
  if (type === "condition" || type === "parallel")
    n.branches = [1, 2].map((i) => ({
      id: `b${i}`,
      name: word(t("design.newWay", { n: i })),
      nodes: [{ id: `f${i}`, type: "fill", name: word(t("design.nodes.fill")) }],
    })) as Node["branches"];
  return (
    <div className="design-help-live">
      <FlowTree nodes={type === "start" ? [start] : [start, n]} />
    </div>
  );
}
