import { useQuery } from "@tanstack/react-query";
import { App, Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { get, post } from "../../api/client";
import { useSpelled } from "../../parts/pinyin";
import { Loaded } from "../../parts/states";
import { type Person, usePeople } from "./api";
import { useSubmit } from "./forms";

interface Waiting {
  instances: number;
}

/** HandOver moves everything that waits for a person who leaves to somebody else. */
export function HandOver({ person }: { person: Person }) {
  const { t } = useTranslation();
  const { modal, message } = App.useApp();
  const fits = useSpelled();
  const { busy, submit } = useSubmit();
  const people = (usePeople().data ?? []).filter((p) => p.active && p.id !== person.id);
  const [to, setTo] = useState<string>();
  const path = `/api/users/${person.id}/hand-over`;
  const waiting = useQuery({ queryKey: ["hand-over", person.id], queryFn: () => get<Waiting>(path) });
  const go = (n: number) =>
    modal.confirm({
      title: t("people.handover.ask", {
        n,
        from: person.name,
        to: people.find((p) => p.id === to)?.name ?? t("people.handover.fallback"),
      }),
      content: t("people.handover.about"),
      okText: t("people.handover.go"),
      okButtonProps: { id: "hand-over-now" },
      cancelText: t("people.handover.cancel"),
      onOk: () =>
        submit(async () => {
          const done = await post<Waiting>(path, { to: to ?? "" });
          await waiting.refetch();
          void message.success(t("people.handover.done", { n: done.instances }));
        }),
    });
  return (
    <section className="sheet-part" id="hand-over">
      <h3>{t("people.handover.title")}</h3>
      <Loaded query={waiting} lines={1}>
        {({ instances: n }) =>
          n === 0 ? (
            <p className="quiet">{t("people.handover.none")}</p>
          ) : (
            <>
              <p>{t("people.handover.waits", { n })}</p>
              <div className="verbs-row">
                <Select
                  id="hand-over-to"
                  allowClear
                  showSearch={{ filterOption: (word, o) => fits(o?.label ?? "", word) }}
                  style={{ width: 360 }}
                  placeholder={t("people.handover.to")}
                  value={to}
                  onChange={setTo}
                  options={people.map((p) => ({ value: p.id, label: p.name }))}
                />
                <Button loading={busy} id="hand-over-ask" onClick={() => go(n)}>
                  {t("people.handover.go")}
                </Button>
              </div>
            </>
          )
        }
      </Loaded>
    </section>
  );
}
