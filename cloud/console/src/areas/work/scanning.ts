import { type RefObject, useEffect, useState } from "react";

type Reader = (image: ImageData) => string | undefined;

/** reader reads QR codes; the decoder is loaded when somebody first scans. */
async function reader(): Promise<Reader> {
  const { decodeQR } = await import("qr/decode.js");
  return (image) => {
    try {
      return decodeQR({ width: image.width, height: image.height, data: image.data });
    } catch {
      return undefined; // no code in this picture
    }
  };
}

const most = 1200; // pixels of the longer side that are looked at

/** pixels draws a picture small enough to be looked at quickly. */
function pixels(source: CanvasImageSource, width: number, height: number): ImageData | undefined {
  const scale = Math.min(1, most / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen?.drawImage(source, 0, 0, canvas.width, canvas.height);
  return pen?.getImageData(0, 0, canvas.width, canvas.height);
}

/** readPicture is the code in a picture, undefined if there is none. */
export async function readPicture(file: Blob): Promise<string | undefined> {
  const [read, picture] = await Promise.all([reader(), createImageBitmap(file)]);
  const image = pixels(picture, picture.width, picture.height);
  picture.close();
  return image && read(image);
}

/** useCamera shows the camera in a video and tells of the first code in it. */
export function useCamera(video: RefObject<HTMLVideoElement | null>, found: (text: string) => void) {
  const [state, setState] = useState<"starting" | "live" | "none" | "denied">("starting");
  useEffect(() => {
    let stream: MediaStream | undefined;
    let timer = 0;
    let gone = false;
    const look = (read: Reader) => {
      const v = video.current;
      const image = v && v.videoWidth > 0 ? pixels(v, v.videoWidth, v.videoHeight) : undefined;
      const text = image && read(image);
      if (text) return found(text);
      timer = window.setTimeout(() => look(read), 150);
    };
    const start = async () => {
      if (!navigator.mediaDevices) return setState("none"); // not over plain http
      const read = await reader();
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      const v = video.current;
      if (gone || !v) return stream.getTracks().forEach((x) => x.stop());
      v.srcObject = stream;
      await v.play();
      setState("live");
      look(read);
    };
    start().catch((e: unknown) =>
      setState(e instanceof DOMException && e.name === "NotAllowedError" ? "denied" : "none"),
    );
    return () => {
      gone = true;
      window.clearTimeout(timer);
      stream?.getTracks().forEach((x) => x.stop());
    };
    // The camera starts once; whoever is told is told by the first look.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  return state;
}
