import { App, Button, Dropdown, Input, Modal, Popconfirm } from "antd";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { say } from "../../i18n";
import { useProblemText } from "../../parts/states";
import type { Detail, Kind } from "./api";
import type { Draft } from "./useDraft";
import { Versions } from "./Versions";

/** useUndoKeys takes Ctrl/⌘ Z and Y, unless a text field has them. */
function useUndoKeys({ undo, redo }: { undo?: () => void; redo?: () => void }) {
  useEffect(() => {
    const keys = (e: KeyboardEvent) => {
      if (!(e.ctrlKey || e.metaKey) || e.altKey) return;
      const typing = /^(INPUT|TEXTAREA)$/.test((e.target as HTMLElement).tagName);
      const key = e.key.toLowerCase();
      const act = key === "y" || (key === "z" && e.shiftKey) ? redo : key === "z" ? undo : undefined;
      if (!act || typing) return;
      e.preventDefault();
      act();
    };
    document.addEventListener("keydown", keys);
    return () => document.removeEventListener("keydown", keys);
  }, [undo, redo]);
}

/** DraftBar says how a draft stands and carries what one can do with it. */
export function DraftBar<T>({
  kind,
  id,
  detail,
  draft,
  goTo,
  reopen,
  children,
}: {
  kind: Kind;
  id: string;
  detail: Detail<T>;
  draft: Draft<T>;
  goTo: (path: string) => void;
  reopen: () => void;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  useUndoKeys(draft);
  const words = useProblemText();
  const [publishing, setPublishing] = useState(false);
  const [versions, setVersions] = useState(false);
  return (
    <div className="design-bar" data-state={draft.state}>
      <span className="design-state" role="status">
        {detail.current ? t("design.inForce", { n: detail.current.version }) : t("design.neverPublished")} ·{" "}
        {t(`design.state.${draft.state}`)}
      </span>
      {(draft.state === "failed" || draft.state === "conflict") && (
        <span className="work-problem" role="alert">
          {words(draft.error)}{" "}
          {draft.state === "failed" ? (
            <Button size="small" onClick={draft.retry}>
              {t("common.retry")}
            </Button>
          ) : (
            <Button size="small" onClick={reopen}>
              {t("design.reload")}
            </Button>
          )}
        </span>
      )}
      <Problems draft={draft} goTo={goTo} />
      <span className="design-verbs">
        <Button
          aria-label={t("design.undo")}
          title={`${t("design.undo")} Ctrl+Z`}
          disabled={!draft.undo}
          onClick={draft.undo}
        >
          ↶
        </Button>
        <Button
          aria-label={t("design.redo")}
          title={`${t("design.redo")} Ctrl+Y`}
          disabled={!draft.redo}
          onClick={draft.redo}
        >
          ↷
        </Button>
        {children}
        <Button onClick={() => setVersions(true)}>{t("design.versions")}</Button>
        <More kind={kind} id={id} draft={draft} reopen={reopen} published={!!detail.current} />
        <Button type="primary" id="publish" onClick={() => setPublishing(true)}>
          {t("design.publish")}
        </Button>
      </span>
      {publishing && <Publish draft={draft} close={() => setPublishing(false)} done={reopen} goTo={goTo} />}
      {versions && (
        <Versions kind={kind} id={id} detail={detail} close={() => setVersions(false)} changed={reopen} />
      )}
    </div>
  );
}

function Problems<T>({ draft, goTo }: { draft: Draft<T>; goTo: (path: string) => void }) {
  const { t } = useTranslation();
  if (draft.problems.length === 0) return null;
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: draft.problems.map((p, i) => ({ key: String(i), label: say(p.text) })),
        onClick: ({ key }) => goTo(draft.problems[Number(key)]?.path ?? ""),
      }}
    >
      <Button danger size="small" id="problems">
        {t("design.problems", { n: draft.problems.length })}
      </Button>
    </Dropdown>
  );
}

function More<T>({
  kind,
  id,
  draft,
  reopen,
  published,
}: {
  kind: Kind;
  id: string;
  draft: Draft<T>;
  reopen: () => void;
  published: boolean;
}) {
  const { t } = useTranslation();
  const go = useNavigate();
  const { message } = App.useApp();
  const words = useProblemText();
  if (draft.state === "untouched") return null;
  return (
    <Popconfirm
      title={t(published ? "design.discardAsk" : "design.discardNewAsk")}
      onConfirm={() =>
        draft.discard().then(
          () => (published ? reopen() : void go("/workbench")),
          (e: unknown) => void message.error(words(e)),
        )
      }
    >
      <Button id={`discard-${kind}-${id}`}>{t("design.discard")}</Button>
    </Popconfirm>
  );
}

function Publish<T>({
  draft,
  close,
  done,
  goTo,
}: {
  draft: Draft<T>;
  close: () => void;
  done: () => void;
  goTo: (path: string) => void;
}) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const blocked = draft.problems.length > 0;
  const publish = async () => {
    setBusy(true);
    try {
      await draft.publish(note);
      void message.success(t("design.published"));
      close();
      done();
    } catch (e) {
      void message.error(words(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t("design.publish")}
      onCancel={close}
      onOk={() => void publish()}
      okText={t("design.publish")}
      okButtonProps={{ loading: busy, disabled: blocked, id: "publish-now" }}
    >
      <p>{t("design.publishAbout")}</p>
      {blocked ? (
        <ul className="design-problems">
          {draft.problems.map((p, i) => (
            <li key={i}>
              <Button
                type="link"
                onClick={() => {
                  close();
                  goTo(p.path);
                }}
              >
                {say(p.text)}
              </Button>
            </li>
          ))}
        </ul>
      ) : (
        <Input
          id="publish-note"
          maxLength={200}
          placeholder={t("design.note")}
          value={note}
          onChange={(e) => setNote(e.target.value)}
          onPressEnter={() => void publish()}
        />
      )}
    </Modal>
  );
}
