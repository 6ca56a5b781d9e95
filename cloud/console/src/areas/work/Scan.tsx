import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { readPicture, useCamera } from "./scanning";

/** Scan reads a QR code with the camera, or from a picture where there is none. */
export function Scan({ found, close }: { found: (text: string) => void; close: () => void }) {
  const { t } = useTranslation();
  const dialog = useRef<HTMLDialogElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [none, setNone] = useState(false);
  const state = useCamera(video, found);
  useEffect(() => dialog.current?.showModal(), []);
  const look = async (file: File | undefined) => {
    if (!file) return;
    const text = await readPicture(file).catch(() => undefined);
    if (text) found(text);
    else setNone(true);
  };
  return (
    <dialog ref={dialog} className="scan" aria-label={t("work.scan.title")} onClose={close}>
      <video ref={video} playsInline muted hidden={state !== "live"} />
      <p role="status">{none ? t("work.scan.nothing") : t(`work.scan.${state}`)}</p>
      <div className="scan-verbs">
        <label className="scan-button">
          {t("work.scan.picture")}
          <input
            type="file"
            accept="image/*"
            capture="environment"
            onChange={(e) => {
              void look(e.target.files?.[0]);
              e.target.value = "";
            }}
          />
        </label>
        <button type="button" className="scan-button" onClick={close}>
          {t("work.scan.cancel")}
        </button>
      </div>
    </dialog>
  );
}
