import { type RefObject, useEffect, useRef, useState } from "react";
import type SignaturePad from "signature_pad";
import { upload } from "./upload";

/** Position is where somebody was, as records hold it. */
export interface Position {
  lat: number;
  lng: number;
  accuracy?: number;
  system: "wgs84" | "gcj02";
  manual?: boolean;
}

const round = (n: number) => Math.round(n * 1e6) / 1e6;

/** usePosition asks the device where it is; why is a word for what keeps it from telling. */
export function usePosition(set: (p: Position) => void) {
  const [busy, setBusy] = useState(false);
  const [why, setWhy] = useState<"" | "none" | "denied" | "failed">("");
  const ask = () => {
    if (!("geolocation" in navigator)) return setWhy("none");
    setBusy(true);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setBusy(false);
        setWhy("");
        set({
          lat: round(coords.latitude),
          lng: round(coords.longitude),
          accuracy: Math.round(coords.accuracy),
          system: "wgs84",
        });
      },
      (e) => {
        setBusy(false);
        setWhy(e.code === e.PERMISSION_DENIED ? "denied" : "failed");
      },
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
    );
  };
  return { ask, busy, why };
}

/** typed is a position from two typed numbers, undefined while they are none. */
export function typed(lat: string, lng: string, system: string | undefined): Position | undefined {
  const [a, b] = [Number(lat), Number(lng)];
  if (!lat.trim() || !lng.trim() || Number.isNaN(a) || Number.isNaN(b)) return undefined;
  return { lat: a, lng: b, system: system === "gcj02" ? "gcj02" : "wgs84", manual: true };
}

/** useSignature lets somebody sign on a canvas and keeps it as a picture. */
export function useSignature(
  canvas: RefObject<HTMLCanvasElement | null>,
  signed: string,
  set: (ids: string[]) => void,
) {
  const pad = useRef<SignaturePad>(undefined);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const c = canvas.current;
    if (!c) return;
    let gone = false;
    const scale = window.devicePixelRatio || 1;
    c.width = c.clientWidth * scale;
    c.height = c.clientHeight * scale;
    c.getContext("2d")?.scale(scale, scale);
    void import("signature_pad").then(({ default: Pad }) => {
      if (!gone) pad.current = new Pad(c, { backgroundColor: "#fff", penColor: "#000" });
    });
    return () => {
      gone = true;
      pad.current?.off();
      pad.current = undefined;
    };
  }, [canvas, signed]);
  const keep = async () => {
    const c = canvas.current;
    if (!c || !pad.current || pad.current.isEmpty()) return;
    setBusy(true);
    setError(undefined);
    try {
      const blob = await new Promise<Blob | null>((ok) => c.toBlob(ok, "image/png"));
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
  return { clear: () => pad.current?.clear(), keep, busy, error };
}

/** Sending is the files on their way: how far each is, and which failed and why. */
export function useSending(
  ids: string[],
  set: (ids: string[] | null) => void,
  purpose?: string,
  stamp?: (file: File) => Promise<File>,
) {
  const [coming, setComing] = useState<Record<string, number>>({});
  const [failed, setFailed] = useState<{ file: File; error: unknown }[]>([]);
  const send = async (files: File[]) => {
    const done = [...ids];
    for (const file of files) {
      const name = file.name;
      setComing((c) => ({ ...c, [name]: 0 }));
      try {
        const told = (share: number) => setComing((c) => ({ ...c, [name]: share }));
        const ready = stamp ? await stamp(file) : file;
        done.push(await (purpose ? upload(ready, told, purpose) : upload(ready, told)));
        set([...done]);
      } catch (error) {
        setFailed((x) => [...x, { file, error }]);
      }
      setComing(({ [name]: _, ...rest }) => rest);
    }
  };
  const again = (i: number) => {
    const file = failed[i]?.file;
    setFailed((all) => all.filter((_, j) => j !== i));
    if (file) void send([file]);
  };
  return {
    coming,
    failed,
    send,
    again,
    remove: (id: string) => set(ids.length > 1 ? ids.filter((x) => x !== id) : null),
  };
}
