import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Input, Modal, Radio } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { post } from "../../api/client";
import type { components } from "../../api/schema.gen";
import { say } from "../../i18n";
import { Loaded, useProblemText } from "../../parts/states";
import type { Template } from "./Templates";

type Installed = components["schemas"]["WorkInstalled"];
type Way = "" | "rename" | "keep";

/** InstallDialog says what installing would make, settles clashes, and installs. */
export function InstallDialog({ template: x, close }: { template: Template; close: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const words = useProblemText();
  const client = useQueryClient();
  const go = useNavigate();
  const [way, setWay] = useState<Way>(x.standing === "none" ? "" : "rename");
  const [name, setName] = useState(x.standing === "none" ? say(x.title) : `${say(x.title)} 2`);
  const [busy, setBusy] = useState(false);
  const [clashed, setClashed] = useState(false);
  const send = (dry: boolean) => {
    const title = name.trim() === say(x.title) ? "" : name.trim();
    return post<Installed>(`/api/templates/${x.key}/install`, { dry, clash: way, title });
  };
  const tried = useQuery({
    queryKey: ["templates", x.key, "dry", way],
    queryFn: async () => {
      const r = await send(true);
      if (way === "" && (r.result.items ?? []).some((i) => i.outcome === "conflict")) setClashed(true);
      return r;
    },
    gcTime: 0,
    retry: false,
  });
  const items = tried.data?.result.items ?? [];
  const bad = items.some((i) => i.outcome === "conflict" || (i.problems ?? []).length > 0);
  const install = async () => {
    setBusy(true);
    try {
      const r = await send(false);
      await client.invalidateQueries({ predicate: (q) => q.queryKey[2] !== "dry" });
      const form = r.result.items?.filter((i) => i.kind === "form").at(-1)?.key;
      void message.success(t("templates.installed", { name: name.trim() }));
      void go(form ? `/workbench/forms/${form}?view=grants` : `/workbench/apps/${r.app}`);
    } catch (e) {
      void message.error(words(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t("templates.installOf", { name: say(x.title) })}
      onCancel={close}
      onOk={() => void install()}
      okText={busy ? t("templates.installing") : t("templates.installNow")}
      okButtonProps={{ id: "install-now", loading: busy, disabled: !tried.data || bad || !name.trim() }}
    >
      <div className="design-props">
        <label>
          {t("templates.appName")}
          <Input id="app-name" maxLength={100} value={name} onChange={(e) => setName(e.target.value)} />
        </label>
        {clashed && (
          <>
            <p role="alert">{t("templates.clash")}</p>
            <Radio.Group
              vertical
              value={way}
              onChange={(e) => setWay(e.target.value as Way)}
              options={(["rename", "keep"] as const).map((v) => ({ value: v, label: t(`templates.${v}`) }))}
            />
            <p className="quiet">{t("templates.clashCancel")}</p>
          </>
        )}
        <Loaded query={tried}>{(r) => <Items r={r} template={x} />}</Loaded>
        <p className="quiet">{t("templates.nobody")}</p>
      </div>
    </Modal>
  );
}

function Items({ r, template }: { r: Installed; template: Template }) {
  const { t } = useTranslation();
  const title = (key: string) =>
    say(template.documents?.find((d) => key === d.key || key.startsWith(`${d.key}_`))?.title) ||
    say(template.title);
  return (
    <table className="work-table template-items">
      <tbody>
        {(r.result.items ?? []).map((i) => (
          <tr key={`${i.kind}:${i.key}`}>
            <td>{t(`design.${i.kind}`)}</td>
            <td>{i.kind === "app" ? say(r.result.manifest.title) : title(i.key)}</td>
            <td>
              {t(`templates.outcomes.${i.outcome}`)}
              {(i.problems ?? []).map((p, n) => (
                <p key={n} className="work-problem">
                  {say(p.text)}
                </p>
              ))}
            </td>
          </tr>
        ))}
        {(r.kept ?? []).map((k) => (
          <tr key={`${k.kind}:${k.key}`}>
            <td>{t(`design.${k.kind}`)}</td>
            <td>{title(k.key)}</td>
            <td>{t("templates.outcomes.kept")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
