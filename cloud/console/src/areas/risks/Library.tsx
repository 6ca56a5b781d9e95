import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { post } from "../../api/client";
import { say } from "../../i18n";
import { Empty, Failed, Loading, useProblemText } from "../../parts/states";
import { useCatalogue } from "../hazards/api";
import { type Dict, workKeys } from "../work/api";
import { type Added, type Offer, riskKey, type Summary, useLibrary } from "./api";
import { GradeTag, spotTitle } from "./marks";

/** Library offers the typical risks for a place; those that apply are added in one action. */
export function Library({
  sum,
  dict,
  at,
  close,
}: {
  sum: Summary;
  dict: Dict | undefined;
  at: string;
  close: () => void;
}) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const words = useProblemText();
  const [place, setPlace] = useState(at);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [find, setFind] = useState("");
  const [busy, setBusy] = useState(false);
  const library = useLibrary(place);
  const offers = library.data?.items ?? [];
  const word = find.trim().toLowerCase();
  const shown = offers.filter((o) =>
    [o.point.zh, o.point.en, o.what.zh, o.what.en, o.category].join(" ").toLowerCase().includes(word),
  );
  const free = shown.filter((o) => !o.added);
  const add = async () => {
    setBusy(true);
    try {
      const r = await post<Added>("/api/risks/library", { place, risks: [...chosen] });
      void message.success(t("risks.addedSome", { n: r.added }));
      void client.invalidateQueries({ queryKey: riskKey });
      void client.invalidateQueries({ queryKey: workKeys.records("risk") });
      close();
    } catch (e) {
      void message.error(words(e), 8);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      width={860}
      title={t("risks.library")}
      onCancel={close}
      cancelText={t("risks.cancel")}
      okText={t("risks.add", { n: chosen.size })}
      okButtonProps={{ disabled: chosen.size === 0, loading: busy, id: "library-add" }}
      onOk={() => void add()}
    >
      <div className="filters">
        <Select
          id="library-place"
          style={{ minWidth: 220 }}
          placeholder={t("risks.choosePlace")}
          aria-label={t("risks.addTo")}
          value={place || undefined}
          options={sum.buildings.map((b) => ({ value: b.place, label: spotTitle(b, t) }))}
          onChange={(v) => {
            setPlace(v);
            setChosen(new Set());
          }}
        />
        <Input
          allowClear
          style={{ maxWidth: 220 }}
          placeholder={t("risks.find")}
          aria-label={t("risks.find")}
          value={find}
          onChange={(e) => setFind(e.target.value)}
        />
        {free.length > 0 && (
          <Button onClick={() => setChosen(new Set([...chosen, ...free.map((o) => o.id)]))}>
            {t("risks.all")}
          </Button>
        )}
      </div>
      <p className="quiet">{t("risks.libraryAbout")}</p>
      {place === "" ? (
        <Empty>{t("risks.choosePlace")}</Empty>
      ) : library.error ? (
        <Failed error={library.error} retry={() => void library.refetch()} />
      ) : library.data === undefined ? (
        <Loading lines={8} />
      ) : shown.length === 0 ? (
        <Empty>{t("risks.noMatch")}</Empty>
      ) : (
        <ul className="risk-library" id="risk-library">
          {shown.map((o) => (
            <Line
              key={o.id}
              o={o}
              dict={dict}
              chosen={chosen.has(o.id)}
              toggle={() => {
                const next = new Set(chosen);
                if (!next.delete(o.id)) next.add(o.id);
                setChosen(next);
              }}
            />
          ))}
        </ul>
      )}
    </Modal>
  );
}

function Line({
  o,
  dict,
  chosen,
  toggle,
}: {
  o: Offer;
  dict: Dict | undefined;
  chosen: boolean;
  toggle: () => void;
}) {
  const { t } = useTranslation();
  const standard = useCatalogue().data?.standards?.find((s) => s.id === o.standard);
  const order = o.scheme === "ls" ? ["l", "s"] : ["l", "e", "c"];
  return (
    <li data-offer={o.id} className={o.added ? "added" : ""}>
      <Checkbox checked={o.added || chosen} disabled={o.added} onChange={toggle}>
        <b>{say(o.point)}</b>{" "}
        <small className="quiet">{say(dict?.items.find((i) => i.code === o.category)?.label)}</small>
        {o.added && <em> {t("risks.already")}</em>}
      </Checkbox>
      <p>{say(o.what)}</p>
      <p className="risk-offer-basis">
        <GradeTag grade={o.grade} />
        <span className="nums">
          {o.scheme.toUpperCase()} {order.map((f) => o.factors[f]).join("×")} = {o.score}
        </span>
        <small className="quiet">
          {standard && say(standard.title)}
          {!o.verified && ` · ${t("risks.unverified")}`}
        </small>
      </p>
    </li>
  );
}
