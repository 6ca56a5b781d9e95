import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { idOf } from "../areas/work/api";
import { type Position as At, typed, usePosition, useSending, useSignature } from "../areas/work/capturing";
import { useStamp } from "../areas/work/stamp";
import { useWords } from "./frame";
import type { InputProps } from "./Input";

/** Media takes photos, videos and files, with the progress of each. */
export function Media({ field: f, id, value, set }: InputProps) {
  const { t } = useTranslation();
  const words = useWords();
  const ids = ((value as unknown[] | undefined) ?? []).map(idOf);
  const { coming, failed, send, again, remove } = useSending(
    ids,
    set,
    f.type === "file" ? "file" : undefined,
    useStamp(f),
  );
  const accept =
    { photo: "image/*", video: "video/*", file: ".pdf,.xlsx,.docx,.txt,.csv,.zip" }[f.type as string] ??
    "image/*,video/*";
  return (
    <div className="p-media">
      {ids.map((a) => (
        <figure key={a}>
          {f.type === "file" ? (
            <a href={`/api/attachments/${a}?download=true`}>{t("phone.file")}</a>
          ) : (
            <img src={`/api/attachments/${a}/thumb?size=160`} alt="" />
          )}
          <button type="button" aria-label={t("phone.remove")} onClick={() => remove(a)}>
            ✕
          </button>
        </figure>
      ))}
      <label className="p-camera" htmlFor={id}>
        <svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">
          <path
            d="M4 8h4l2-3h4l2 3h4v11H4zM12 16.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.8"
            strokeLinejoin="round"
          />
        </svg>
        {t(f.type === "video" ? "phone.video" : f.type === "file" ? "phone.file" : "phone.camera")}
      </label>
      <input
        id={id}
        className="p-hidden"
        type="file"
        multiple={f.max_count !== 1}
        accept={accept}
        capture={f.camera_only ? "environment" : undefined}
        onChange={(e) => {
          void send([...(e.target.files ?? [])]);
          e.target.value = "";
        }}
      />
      {Object.entries(coming).map(([name, share]) => (
        <progress key={name} value={share} title={t("phone.sending", { n: Math.round(share * 100) })} />
      ))}
      {failed.map((x, i) => (
        <p key={i} className="p-wrong" role="alert">
          {x.file.name}: {words(x.error)}{" "}
          <button type="button" className="p-link" onClick={() => again(i)}>
            {t("phone.again")}
          </button>
        </p>
      ))}
    </div>
  );
}

/** Position is one tap; where it is denied, coordinates can be typed unless the form forbids it. */
export function Position({ field: f, id, value, set }: InputProps) {
  const { t } = useTranslation();
  const { ask, busy, why } = usePosition(set);
  const [lat, setLat] = useState("");
  const [lng, setLng] = useState("");
  const p = value as At | undefined;
  const type = (a: string, b: string) => {
    setLat(a);
    setLng(b);
    set(typed(a, b, f.system) ?? null);
  };
  return (
    <>
      <button type="button" id={id} className="p-open" disabled={busy} onClick={ask}>
        {p
          ? `${p.lat}, ${p.lng} ${p.accuracy === undefined ? "" : t("work.gps.accuracy", { n: p.accuracy })}`
          : t("work.gps.get")}
        <i aria-hidden="true">◎</i>
      </button>
      {why && <p className="p-wrong">{t(`work.gps.${why}`)}</p>}
      {why && !f.gps_only && (
        <div className="p-pair">
          <input
            inputMode="decimal"
            placeholder={t("work.gps.lat")}
            value={lat}
            onChange={(e) => type(e.target.value, lng)}
          />
          <input
            inputMode="decimal"
            placeholder={t("work.gps.lng")}
            value={lng}
            onChange={(e) => type(lat, e.target.value)}
          />
        </div>
      )}
    </>
  );
}

/** Signature is signed by finger. */
export function Signature({ id, value, set }: InputProps) {
  const { t } = useTranslation();
  const words = useWords();
  const canvas = useRef<HTMLCanvasElement>(null);
  const signed = idOf([value].flat()[0]);
  const { clear, keep, busy, error } = useSignature(canvas, signed, set);
  if (signed)
    return (
      <div className="p-sign">
        <img src={`/api/attachments/${signed}`} alt={t("work.signature")} />
        <button type="button" className="p-button" onClick={() => set(null)}>
          {t("work.signAgain")}
        </button>
      </div>
    );
  return (
    <div className="p-sign">
      <canvas ref={canvas} id={id} aria-label={t("work.signHere")} />
      <div className="p-pair">
        <button type="button" className="p-button" onClick={clear}>
          {t("work.clear")}
        </button>
        <button type="button" className="p-button primary" disabled={busy} onClick={() => void keep()}>
          {t("work.signKeep")}
        </button>
      </div>
      {error !== undefined && <p className="p-wrong">{words(error)}</p>}
    </div>
  );
}
