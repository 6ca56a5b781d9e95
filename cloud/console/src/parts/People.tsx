import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { get } from "../api/client";
import { useDeskSetting } from "../api/desk";
import type { Alarm, Text } from "../api/types";
import { say } from "../i18n";

interface Near {
  contacts?: { name: Text | string; phone: string }[] | null;
  cameras?: { name: Text | string; url: string }[] | null;
}

const words = (x: Text | string) => (typeof x === "string" ? x : say(x));

/** useNear is what the place itself says: whom to call there, and which camera looks at it. */
function useNear(a: Alarm) {
  const floor = a.place?.floor ?? 0;
  return useQuery({
    queryKey: ["near", a.building, floor],
    queryFn: () => get<Near>(`/api/places/near?building=${encodeURIComponent(a.building)}&floor=${floor}`),
    enabled: a.building !== "",
    retry: false,
    staleTime: 60_000,
  });
}

/** People are the numbers to dial for an alarm: those of the place first, then the desk's. */
export function People({ alarm: a }: { alarm: Alarm }) {
  const { t } = useTranslation();
  const near = useNear(a).data;
  const desk = useDeskSetting().data;
  const all = [
    ...(near?.contacts ?? []).map((c) => ({ name: words(c.name), phone: c.phone })),
    ...(desk?.contacts ?? [])
      .filter((c) => c.building === "" || c.building === a.building)
      .map((c) => ({ name: say(c.name), phone: c.phone })),
  ].slice(0, 6);
  const cameras = near?.cameras ?? [];
  return (
    <>
      <section>
        <h2>{t("desk.call")}</h2>
        {all.length === 0 ? (
          <p className="quiet">{t("desk.noContacts")}</p>
        ) : (
          <div className="call">
            {all.map((c) => (
              <a key={c.name + c.phone} href={`tel:${c.phone.replace(/[^\d+]/g, "")}`}>
                {c.name}
                <b>{c.phone}</b>
              </a>
            ))}
          </div>
        )}
      </section>
      <p className="quiet">
        {t("desk.camera")}:{" "}
        {cameras.length === 0
          ? t("desk.noCamera")
          : cameras.map((c) => (
              <a key={c.url} href={c.url} target="_blank" rel="noreferrer">
                {words(c.name)}{" "}
              </a>
            ))}
      </p>
    </>
  );
}
