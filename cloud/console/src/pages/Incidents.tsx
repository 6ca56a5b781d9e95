import { Button, Checkbox, Form, Input, Modal, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useSearchParams } from "react-router";
import { useIncidents, useOverview, usePlans } from "../api/queries";
import type { Incident } from "../api/types";
import { say } from "../i18n";
import { useNow } from "../live/context";
import { actorName, dateTime, elapsed, placeName } from "../parts/format";
import { useSession } from "../parts/session";
import { Empty, Loaded } from "../parts/states";
import { useLaunch } from "../parts/verbs";

const states = ["open", "closed", "all"] as const;

/** Incidents lists what is under way and what was; a plan can be launched from here. */
export function Incidents() {
  const { t } = useTranslation();
  const { may } = useSession();
  const [params, setParams] = useSearchParams();
  const [launching, setLaunching] = useState(false);
  const state = params.get("state") ?? "open";
  return (
    <main className="page">
      <h1>{t("incident.title")}</h1>
      <div className="filters">
        <Segmented
          value={state}
          options={states.map((s) => ({ value: s, label: t(`incident.${s}`) }))}
          onChange={(s) => setParams({ state: s })}
        />
        <span className="grow" />
        {may("plan.launch") && (
          <Button type="primary" danger onClick={() => setLaunching(true)}>
            {t("incident.launch")}
          </Button>
        )}
      </div>
      <Loaded query={useIncidents(state)}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t("incident.none")}</Empty>
          ) : (
            <ol className="incidents">
              {list.map((i) => (
                <Row key={i.id} i={i} />
              ))}
            </ol>
          )
        }
      </Loaded>
      {launching && <LaunchDialog onClose={() => setLaunching(false)} />}
    </main>
  );
}

function Row({ i }: { i: Incident }) {
  const { t } = useTranslation();
  const now = useNow();
  const end = i.closed_at ? Date.parse(i.closed_at) : now;
  return (
    <li className={`card ${i.drill ? "drill" : ""} ${i.state}`}>
      <Link to={`/incidents/${i.id}`}>
        <b>
          {i.drill && t("incident.drill")}
          {say(i.title)}
        </b>
        <span>{placeName(i.place, i.building_name)}</span>
        <span className="quiet">{i.human_no}</span>
        <span className="quiet">
          {t("incident.launched", { by: actorName(t, i.launched_by), at: dateTime(i.launched_at) })}
        </span>
        {i.overdue > 0 && <span className="abnormal">{t("incident.overdueCount", { n: i.overdue })}</span>}
        <time>{elapsed(end - Date.parse(i.launched_at))}</time>
      </Link>
    </li>
  );
}

function LaunchDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const plans = usePlans().data ?? [];
  const buildings = useOverview().data?.buildings ?? [];
  const launch = useLaunch((i) => void navigate(`/incidents/${i.id}`));
  const [form] = Form.useForm<{ plan: string; building: string; note?: string; drill?: boolean }>();
  return (
    <Modal
      open
      title={t("incident.launchTitle")}
      okText={t("incident.launch")}
      cancelText={t("common.cancel")}
      okButtonProps={{ danger: true }}
      confirmLoading={launch.isPending}
      onCancel={onClose}
      onOk={() =>
        void form.validateFields().then((v) => launch.mutate({ ...v, place: { building: v.building } }))
      }
    >
      <Form form={form} layout="vertical" initialValues={{ building: buildings[0]?.id }}>
        <Form.Item
          name="plan"
          label={t("incident.launchPlan")}
          rules={[{ required: true, message: t("login.required") }]}
        >
          <Select
            options={plans.map((p) => ({
              value: p.id,
              label: p.available ? say(p.title) : `${say(p.title)} (${t("incident.unavailable")})`,
              disabled: !p.available,
            }))}
          />
        </Form.Item>
        <Form.Item
          name="building"
          label={t("incident.launchBuilding")}
          rules={[{ required: true, message: t("login.required") }]}
        >
          <Select options={buildings.map((b) => ({ value: b.id, label: say(b.name) }))} />
        </Form.Item>
        <Form.Item name="note" label={t("incident.launchNote")}>
          <Input.TextArea maxLength={500} />
        </Form.Item>
        <Form.Item name="drill" valuePropName="checked">
          <Checkbox>{t("incident.launchDrill")}</Checkbox>
        </Form.Item>
      </Form>
    </Modal>
  );
}
