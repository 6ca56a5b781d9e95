import { Button, Input, Modal } from "antd";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { post } from "../../api/client";
import { useNow } from "../../live/context";
import { actorName, dateTime, day } from "../../parts/format";
import { Empty, Loaded, useProblemText } from "../../parts/states";
import { accessKey, certificateState, tokenState, useAccess } from "./queries";

/** Access lists what was given to one edge, and takes it back. */
export function Access({ edge, onToken }: { edge: string; onToken: () => void }) {
  const { t } = useTranslation();
  const now = useNow();
  const [revoking, setRevoking] = useState(false);
  return (
    <div className="edge-access">
      <div className="verbs">
        <Button onClick={onToken}>{t("edges.token")}</Button>
        <Button danger id="revoke" onClick={() => setRevoking(true)}>
          {t("edges.revoke")}
        </Button>
      </div>
      <Loaded query={useAccess(edge)}>
        {(a) => (
          <>
            <h2>{t("edges.certificates")}</h2>
            {a.certificates.length === 0 && <Empty>{t("edges.noCertificate")}</Empty>}
            <ul className="papers">
              {a.certificates.map((c) => (
                <li key={c.serial} data-state={certificateState(c, now)}>
                  <b>{t(`edges.certificateState.${certificateState(c, now)}`)}</b>
                  <span>{t("edges.until", { at: day(c.not_after) })}</span>
                  <small className="quiet">{t("edges.serial", { serial: c.serial })}</small>
                  {c.revoked_at && (
                    <small>
                      {t("edges.revokedBy", {
                        who: actorName(t, c.revoked_by ?? ""),
                        at: dateTime(c.revoked_at),
                        why: c.reason,
                      })}
                    </small>
                  )}
                </li>
              ))}
            </ul>
            <h2>{t("edges.tokens")}</h2>
            {a.tokens.length === 0 && <Empty>{t("edges.noToken")}</Empty>}
            <ul className="papers">
              {a.tokens.map((k) => (
                <li key={k.id} data-state={tokenState(k, now)}>
                  <b>{t(`edges.tokenState.${tokenState(k, now)}`)}</b>
                  <span>{t("edges.madeBy", { who: actorName(t, k.made_by), at: dateTime(k.made_at) })}</span>
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
      {revoking && <Revoke edge={edge} onEnd={() => setRevoking(false)} />}
    </div>
  );
}

function Revoke({ edge, onEnd }: { edge: string; onEnd: () => void }) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const words = useProblemText();
  const [reason, setReason] = useState("");
  const revoke = useMutation({
    mutationFn: () => post(`/api/edges/${edge}/revoke`, { reason: reason.trim() }),
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: accessKey(edge) });
      onEnd();
    },
  });
  return (
    <Modal
      open
      title={t("edges.revokeTitle", { edge })}
      okText={t("edges.revoke")}
      cancelText={t("common.cancel")}
      okButtonProps={{ danger: true, disabled: reason.trim() === "" }}
      confirmLoading={revoke.isPending}
      onCancel={onEnd}
      onOk={() => revoke.mutate()}
    >
      <p>{t("edges.revokeAbout")}</p>
      <Input.TextArea
        autoFocus
        id="revoke-reason"
        maxLength={500}
        placeholder={t("edges.revokeReason")}
        value={reason}
        onChange={(e) => setReason(e.target.value)}
      />
      {revoke.error && (
        <p role="alert" className="wrong">
          {words(revoke.error)}
        </p>
      )}
    </Modal>
  );
}
