import { Button, Input } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useProblemText } from "../../parts/states";
import { idOf } from "./api";
import { type Position, typed, usePosition, useSignature } from "./capturing";
import type { InputProps } from "./FieldInput";

/** LocationInput asks the device where it is; where that is denied, coordinates can be typed unless the form forbids it. */
export function LocationInput({ field: f, id, value, set }: InputProps) {
  const { t } = useTranslation();
  const { ask, busy, why } = usePosition(set);
  const p = value as Position | undefined;
  return (
    <div className="work-position">
      <Button id={id} loading={busy} onClick={ask}>
        {t(p ? "work.gps.again" : "work.gps.get")}
      </Button>
      {p && (
        <span>
          {p.lat}, {p.lng} {p.accuracy !== undefined && t("work.gps.accuracy", { n: p.accuracy })}{" "}
          {p.manual && t("work.gps.manual")}
          <Button size="small" type="text" aria-label={t("work.removePhoto")} onClick={() => set(null)}>
            ✕
          </Button>
        </span>
      )}
      {why && (
        <p className="work-problem" role="alert">
          {t(`work.gps.${why}`)}
        </p>
      )}
      {why && !f.gps_only && <Typed set={(lat, lng) => set(typed(lat, lng, f.system) ?? null)} />}
    </div>
  );
}

function Typed({ set }: { set: (lat: string, lng: string) => void }) {
  const { t } = useTranslation();
  const [lat, setLat] = useState("");
  const [lng, setLng] = useState("");
  return (
    <span className="work-typed">
      <Input
        inputMode="decimal"
        placeholder={t("work.gps.lat")}
        value={lat}
        onChange={(e) => {
          setLat(e.target.value);
          set(e.target.value, lng);
        }}
      />
      <Input
        inputMode="decimal"
        placeholder={t("work.gps.lng")}
        value={lng}
        onChange={(e) => {
          setLng(e.target.value);
          set(lat, e.target.value);
        }}
      />
    </span>
  );
}

/** SignatureInput takes a signature by finger or mouse and keeps it as a picture. */
export function SignatureInput({ id, value, set }: InputProps) {
  const { t } = useTranslation();
  const words = useProblemText();
  const canvas = useRef<HTMLCanvasElement>(null);
  const signed = idOf([value].flat()[0]);
  const { clear, keep, busy, error } = useSignature(canvas, signed, set);
  if (signed)
    return (
      <div className="work-signature">
        <img src={`/api/attachments/${signed}`} alt={t("work.signature")} />
        <Button onClick={() => set(null)}>{t("work.signAgain")}</Button>
      </div>
    );
  return (
    <div className="work-signature">
      <canvas ref={canvas} id={id} aria-label={t("work.signHere")} />
      <span>
        <Button onClick={clear}>{t("work.clear")}</Button>
        <Button type="primary" ghost loading={busy} onClick={() => void keep()}>
          {t("work.signKeep")}
        </Button>
      </span>
      {error !== undefined && (
        <p className="work-problem" role="alert">
          {words(error)}
        </p>
      )}
    </div>
  );
}
