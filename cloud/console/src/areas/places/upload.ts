import { Problem } from "../../api/client";
import { language } from "../../i18n";

/**
 * upload sends a file as it is and tells how far it has come. A request with progress is
 * the one thing fetch cannot do.
 */
export function upload(path: string, file: Blob, progress: (percent: number) => void): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const x = new XMLHttpRequest();
    x.open("POST", path);
    x.responseType = "blob";
    x.setRequestHeader("Accept-Language", language());
    x.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    x.upload.onprogress = (e) => e.lengthComputable && progress(Math.round((e.loaded / e.total) * 100));
    x.onerror = () => reject(new Problem(0, ""));
    x.onload = () => {
      const answer = x.response as Blob;
      if (x.status < 300) resolve(answer);
      else void answer.text().then((text) => reject(problem(x.status, text)));
    };
    x.send(file);
  });
}

function problem(status: number, text: string): Problem {
  try {
    const p = JSON.parse(text) as { detail?: string; errors?: Problem["errors"] };
    return new Problem(status, p.detail ?? "", p.errors);
  } catch {
    return new Problem(status, text.slice(0, 200));
  }
}

/** keep hands a file to the browser's downloads. */
export function keep(file: Blob, name: string) {
  const a = document.createElement("a");
  a.href = URL.createObjectURL(file);
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
}
