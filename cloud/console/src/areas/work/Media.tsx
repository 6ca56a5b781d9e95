import { useQuery } from "@tanstack/react-query";
import { Button, Image, Progress } from "antd";
import { useTranslation } from "react-i18next";
import { get } from "../../api/client";
import { useProblemText } from "../../parts/states";
import { type Field, idOf } from "./api";
import { useSending } from "./capturing";
import { useStamp } from "./stamp";

const thumb = (id: string, size = 160) => `/api/attachments/${id}/thumb?size=${size}`;

/** MediaInput takes photos and videos, with the progress of each. */
export function MediaInput({
  field: f,
  id,
  value,
  set,
}: {
  field: Field;
  id: string;
  value: unknown;
  set: (v: unknown) => void;
}) {
  const { t } = useTranslation();
  const words = useProblemText();
  const ids = ((value as unknown[] | undefined) ?? []).map(idOf);
  const { coming, failed, send, again, remove } = useSending(
    ids,
    set,
    f.type === "file" ? "file" : undefined,
    useStamp(f),
  );
  const kinds = { photo: "image/*", video: "video/*", file: ".pdf,.xlsx,.docx,.txt,.csv,.zip" }[
    f.type as string
  ];
  return (
    <div className="work-media">
      <Image.PreviewGroup>
        {ids.map((a) => (
          <figure key={a}>
            {f.type === "file" ? (
              <FileLink id={a} />
            ) : (
              <Image
                src={thumb(a)}
                preview={{ src: `/api/attachments/${a}` }}
                width={96}
                height={96}
                alt=""
              />
            )}
            <Button size="small" onClick={() => remove(a)}>
              {t("work.removePhoto")}
            </Button>
          </figure>
        ))}
      </Image.PreviewGroup>
      {Object.entries(coming).map(([name, share]) => (
        <div key={name}>
          {name} <Progress percent={Math.round(share * 100)} size="small" />
        </div>
      ))}
      {failed.map((x, i) => (
        <div key={i} className="work-problem" role="alert">
          {x.file.name}: {words(x.error)}{" "}
          <Button size="small" onClick={() => again(i)}>
            {t("common.retry")}
          </Button>
        </div>
      ))}
      <label className="work-add" htmlFor={id}>
        {t(
          f.type === "file"
            ? "work.addFile"
            : f.type === "video"
              ? "work.addVideo"
              : f.type === "photo"
                ? "work.addPicture"
                : "work.addPhoto",
        )}
      </label>
      <input
        className="work-file"
        id={id}
        type="file"
        multiple={f.max_count !== 1}
        accept={kinds ?? "image/*,video/*"}
        capture={f.camera_only ? "environment" : undefined}
        onChange={(e) => {
          void send([...(e.target.files ?? [])]);
          e.target.value = "";
        }}
      />
    </div>
  );
}

/** FileLink names a file and lets one take it. */
export function FileLink({ id }: { id: string }) {
  const about = useQuery({
    queryKey: ["attachment", id],
    queryFn: () => get<{ name: string; size: number }>(`/api/attachments/${id}/about`),
    staleTime: Infinity,
  }).data;
  return (
    <a href={`/api/attachments/${id}?download=true`} download>
      {about ? `${about.name} (${Math.ceil(about.size / 1024)} KB)` : "…"}
    </a>
  );
}

/** Pictures shows what was taken; a click opens it in full. Large ones are to be compared. */
export function Pictures({ value, large }: { value: unknown; large?: boolean }) {
  return (
    <div className="work-media">
      <Image.PreviewGroup>
        {((value as unknown[] | undefined) ?? []).map(idOf).map((a) => (
          <Image
            key={a}
            src={thumb(a, large ? 480 : 160)}
            preview={{ src: `/api/attachments/${a}` }}
            width={large ? 240 : 96}
            height={large ? 180 : 96}
            alt=""
          />
        ))}
      </Image.PreviewGroup>
    </div>
  );
}
