import { Button, Input } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import SignaturePad from "signature_pad";
import { useProblemText } from "../../parts/states";
import { idOf } from "./api";
import type { InputProps } from "./FieldInput";
import { upload } from "./upload";

interface Position {
  lat: number;
  lng: number;
  accuracy?: number;
  system: "wgs84" | "gcj02";
  manual?: boolean;
}

/** LocationInput asks the phone where it is; where that is denied, coordinates can be typed unless the form forbids it. */
export function LocationInput({ field: f, id, value, set }: InputProps) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [denied, setDenied] = useState("");
  const p = value as Position | undefined;
  const ask = () => {
    if (!("geolocation" in navigator)) return setDenied(t("work.gps.none"));
    setBusy(true);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setBusy(false);
        setDenied("");
        set({
          lat: round(coords.latitude),
          lng: round(coords.longitude),
          accuracy: Math.round(coords.accuracy),
          system: "wgs84",
        });
      },
      (e) => {
        setBusy(false);
        setDenied(t(e.code === e.PERMISSION_DENIED ? "work.gps.denied" : "work.gps.failed"));
      },
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
    );
  };
  const typed = (lat: string, lng: string) => {
    const [a, b] = [Number(lat), Number(lng)];
    if (lat && lng && !Number.isNaN(a) && !Number.isNaN(b))
      set({ lat: a, lng: b, system: f.system === "gcj02" ? "gcj02" : "wgs84", manual: true });
  };
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
      {denied && (
        <p className="work-problem" role="alert">
          {denied}
        </p>
      )}
      {denied && !f.gps_only && <Typed set={typed} />}
    </div>
  );
}

const round = (n: number) => Math.round(n * 1e6) / 1e6;

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
  const pad = useRef<SignaturePad>(undefined);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const signed = idOf([value].flat()[0]);
  useEffect(() => {
    const c = canvas.current;
    if (!c) return;
    const scale = window.devicePixelRatio || 1;
    c.width = c.clientWidth * scale;
    c.height = c.clientHeight * scale;
    c.getContext("2d")?.scale(scale, scale);
    pad.current = new SignaturePad(c, { backgroundColor: "#fff", penColor: "#000" });
    return () => pad.current?.off();
  }, [signed]);
  const keep = async () => {
    if (!canvas.current || !pad.current || pad.current.isEmpty()) return;
    setBusy(true);
    setError(undefined);
    try {
      const blob = await new Promise<Blob | null>((ok) => canvas.current?.toBlob(ok, "image/png"));
      if (blob)
        set([
          await upload(
            new File([blob], "signature.png", { type: "image/png" }),
            () => undefined,
            "signature",
          ),
        ]);
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };
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
        <Button onClick={() => pad.current?.clear()}>{t("work.clear")}</Button>
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
